"""What an access token says, for those who make them and those who only read them."""

ISSUER = AUDIENCE = "banyan"
REQUIRED = ("iss", "aud", "sub", "key", "scope", "iat", "exp", "jti")
LIFETIME_SECONDS = 15 * 60
