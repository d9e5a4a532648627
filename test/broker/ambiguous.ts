// Requests that two HTTP parsers could read differently, by the RFC section that settles them.

export const POST =
  "POST /oauth2/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n";
const NEXT = "GET /smuggled HTTP/1.1\r\nHost: x\r\n\r\n";

/** Name and bytes. Read by one parser as one request and by another as two; none may reach the second. */
export const AMBIGUOUS: readonly (readonly [string, string])[] = [
  [
    "RFC 9112 6.3: both lengths",
    `${POST}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${NEXT}`,
  ],
  [
    "RFC 9112 6.3: both, the other way round",
    `${POST}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n${NEXT}`,
  ],
  ["RFC 9112 6.3: two lengths", `${POST}Content-Length: 0\r\nContent-Length: 44\r\n\r\n${NEXT}`],
  ["RFC 9112 6.3: the same length twice", `${POST}Content-Length: 0\r\nContent-Length: 0\r\n\r\n${NEXT}`],
  ["RFC 9112 6.3: a list of lengths", `${POST}Content-Length: 0, 0\r\n\r\n${NEXT}`],
  ["RFC 9110 8.6: a length with a sign", `${POST}Content-Length: +0\r\n\r\n${NEXT}`],
  [
    "RFC 9112 6.1: chunked twice",
    `${POST}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${NEXT}`,
  ],
  ["RFC 9112 6.1: a coding that nobody knows", `${POST}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n${NEXT}`],
  [
    "RFC 9112 6.1: compressed, then chunked",
    `${POST}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n${NEXT}`,
  ],
  [
    "RFC 9112 6.1: chunked in HTTP/1.0",
    `POST /oauth2/token HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${NEXT}`,
  ],
  ["RFC 9112 5.1: space before the colon", `${POST}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n${NEXT}`],
  ["RFC 9112 5.2: obs-fold", `${POST}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n${NEXT}`],
  ["RFC 9112 2.2: bare LF", `POST /oauth2/token HTTP/1.1\nHost: x\n\n${NEXT}`],
  ["RFC 9112 2.2: bare LF in the header", `${POST}A: b\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${NEXT}`],
  ["RFC 9112 2.2: bare CR", `${POST}A: b\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${NEXT}`],
  ["RFC 9112 7.1: a chunk size that is none", `${POST}Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n${NEXT}`],
  [
    "RFC 9112 7.1: a chunk that is longer than it says",
    `${POST}Transfer-Encoding: chunked\r\n\r\n2\r\nabc\r\n0\r\n\r\n${NEXT}`,
  ],
  [
    "RFC 9112 7.1: a chunk size beyond all numbers",
    `${POST}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff0\r\n\r\n${NEXT}`,
  ],
  [
    "RFC 9112 7.1.1: LF in a chunk extension",
    `${POST}Transfer-Encoding: chunked\r\n\r\n0;a\n\r\n\r\n${NEXT}`,
  ],
  ["RFC 9112 3.2: no Host", `GET /healthz HTTP/1.1\r\n\r\n${NEXT}`],
  ["RFC 9112 3.2: two Hosts", `GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n${NEXT}`],
  ["NUL in a header", `GET /healthz HTTP/1.1\r\nHost: x\r\nA: \0\r\n\r\n${NEXT}`],
  ["HTTP/2 without TLS", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["CONNECT", "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example\r\n\r\n"],
];
