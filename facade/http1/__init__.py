"""HTTP/1.1 as the facade speaks it, to clients and to upstreams: strict heads, framed bodies, nothing guessed.

Grammar: RFC 9110 and RFC 9112. Whatever those leave to the recipient's leniency is refused, since two parsers that are lenient in
different ways are how one request becomes two.
"""
