// The Durable Streams protocol's own conformance suite, as its package ships it.
import http from 'node:http'
import { afterAll } from 'vitest'
import { runConformanceTests } from '@durable-streams/server-conformance-tests'

// One server, or the nodes of a cluster with commas between: then each request goes to the next.
const servers = process.env.SWITCHBOARD_URL.split(',').map((url) => new URL(url))
const server = servers[0]
let turn = 0

// The suite asks for /v1/stream/{name}; here a stream is {context}/channels/{name}. This reverse
// proxy maps the path, in requests and back in answers, and nothing else.
const THEIRS = '/v1/stream/'
const OURS = `${server.pathname}/channels/`
const mapped = (headers, name, from, to) =>
  headers[name] ? { ...headers, [name]: headers[name].replace(from, to) } : headers

const proxy = http.createServer((request, response) => {
  const { hostname, port } = servers[turn++ % servers.length]
  const onward = http.request(
    {
      host: hostname,
      port,
      method: request.method,
      path: request.url.replace(THEIRS, OURS),
      headers: mapped(request.headers, 'stream-forked-from', THEIRS, OURS),
    },
    (answer) => {
      response.writeHead(answer.statusCode, mapped(answer.headers, 'location', OURS, THEIRS))
      response.flushHeaders()
      answer.pipe(response)
    },
  )
  onward.on('error', () => response.destroy())
  response.on('close', () => onward.destroy())
  request.pipe(onward)
})
await new Promise((listening) => proxy.listen(0, '127.0.0.1', listening))
afterAll(() => proxy.close())

runConformanceTests({ baseUrl: `http://127.0.0.1:${proxy.address().port}` })
