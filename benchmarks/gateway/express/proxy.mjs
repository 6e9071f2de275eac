// What people write first: a rate limit and a proxy, as the two packages' own pages show them, with connections that are kept.
import http from "node:http";

import express from "express";
import { rateLimit } from "express-rate-limit";
import { createProxyMiddleware } from "http-proxy-middleware";

const { PORT, UPSTREAM, LIMIT } = process.env;
const app = express();

app.disable("x-powered-by");
app.use(rateLimit({ windowMs: 60_000, limit: Number(LIMIT), standardHeaders: "draft-8", legacyHeaders: false }));
app.use(createProxyMiddleware({ target: UPSTREAM, agent: new http.Agent({ keepAlive: true }), xfwd: true }));

const server = app.listen(Number(PORT), "127.0.0.1");
server.keepAliveTimeout = 3_600_000;
