// Real HTTP servers: the runtime's faucets as they answer, and a treasury.

import { createServer } from "node:http";

async function json(request) {
  const parts = [];
  for await (const part of request) parts.push(part);
  const text = Buffer.concat(parts).toString();
  return { text, fields: text === "" ? {} : JSON.parse(text) };
}

function listen(handle) {
  const server = createServer((request, response) => {
    const reply = (status, body) => {
      response.writeHead(status, { "content-type": "application/json" });
      response.end(JSON.stringify(body));
    };
    Promise.resolve(handle(request, reply, response)).catch((error) => reply(500, { error: String(error) }));
  });
  server.unref();
  return new Promise((done) => server.listen(0, "127.0.0.1", () => done({ server, base: `http://127.0.0.1:${server.address().port}`, close: () => new Promise((end) => (server.closeAllConnections(), server.close(end))) })));
}

/** The runtime's server: `/api/faucet/reserve` pays out of the hub's reserve, `/api/faucet/erc20` funds wallets only. */
export function faucets(chain, hubId, decimals = 6) {
  return listen(async (request, reply) => {
    const { fields } = await json(request);
    if (request.method !== "POST") return reply(404, { error: "not found" });
    if (request.url === "/api/faucet/erc20") {
      if (!/^0x[0-9a-fA-F]{40}$/.test(fields.userAddress ?? "")) return reply(400, { error: "Invalid userAddress" });
      return reply(200, { success: true });
    }
    if (request.url !== "/api/faucet/reserve") return reply(404, { error: "not found" });
    const { userEntityId, tokenId = 1, amount } = fields;
    if (userEntityId === undefined) return reply(400, { error: "Missing userEntityId" });
    const [whole, part = ""] = String(amount).split(".");
    const need = BigInt(whole + part.padEnd(decimals, "0"));
    const have = chain.reserve(hubId, tokenId);
    if (have < need) return reply(409, { error: "insufficient hub reserves", have: String(have), need: String(need), requestId: "f1" });
    chain.add(hubId, tokenId, -need);
    chain.add(userEntityId, tokenId, need);
    return reply(200, { success: true, amount });
  });
}

/** A treasury. It pays once per key where `once`; `hold` may delay or change an answer. */
export async function treasury(pay, { once = true, hold = async () => undefined, token } = {}) {
  const paid = new Map();
  const payments = [];
  const requests = [];
  const listening = await listen(async (request, reply, response) => {
    const key = request.headers["idempotency-key"];
    if (request.method === "GET") {
      const known = paid.get(decodeURIComponent(request.url.split("/").pop()));
      return known === undefined ? reply(404, {}) : reply(200, known);
    }
    const { fields, text } = await json(request);
    requests.push({ key, fields, text, url: request.url, headers: request.headers });
    if (token !== undefined && request.headers.authorization !== `Bearer ${token}`) return reply(401, {});
    const before = await hold("before", fields, reply, response);
    if (before) return;
    const answer = { key, tokenId: fields.tokenId, amount: fields.amount };
    if (!once || !paid.has(key)) {
      payments.push({ key, amount: BigInt(fields.amount), tokenId: fields.tokenId });
      paid.set(key, answer);
      pay(fields);
    }
    const after = await hold("after", fields, reply, response);
    if (!after) reply(200, answer);
  });
  return { ...listening, payments, requests, paid };
}
