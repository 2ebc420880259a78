// Proxies that do to connections what proxies do, on purpose.
import { randomInt } from 'node:crypto'
import http from 'node:http'
import net from 'node:net'
import { cleanups, server } from './channels.mjs'

async function listening(listener) {
  await new Promise((listening) => listener.listen(0, '127.0.0.1', listening))
  cleanups.push(() => listener.close())
  return (url) => url.replace(server.host, `127.0.0.1:${listener.address().port}`)
}

/**
 * A TCP proxy that destroys connections in the midst of an answer: each after a random number of
 * bytes below `within`, until it has done so `times` times.
 */
export async function cuttingProxy(times, within) {
  const proxy = { cuts: 0 }
  const listener = net.createServer((client) => {
    const upstream = net.connect(server.port || 80, server.hostname)
    let passes = randomInt(1, within)
    const destroy = () => [client, upstream].forEach((socket) => socket.destroy())
    for (const socket of [client, upstream]) {
      socket.on('error', destroy).on('close', destroy)
    }
    client.on('data', (bytes) => upstream.write(bytes))
    upstream.on('data', (bytes) => {
      if (proxy.cuts < times && bytes.length >= passes) {
        proxy.cuts++
        upstream.removeAllListeners('data').pause()
        client.write(bytes.subarray(0, passes), destroy)
      } else {
        passes -= bytes.length
        client.write(bytes)
      }
    })
  })
  proxy.through = await listening(listener)
  return proxy
}

/**
 * A reverse proxy whose vices may change while it runs:
 * - `upgrades`: `refused`, or `swallowed`: the 101 comes and nothing after it
 * - `streams`: `buffered`: the head of an event stream comes and its events do not
 * - `longPolls`: `refused`, as where a gateway waits less long than the server; or `hurried`: at once
 *   answered that there is nothing
 * - `lostHeader`: of answers, in lower case
 * - `appends`: `unanswered`: they reach the server, and the gateway says 502
 * - `isDown`: whoever connects is thrown out
 * - `refusal`: a problem of the server with that `status`, which says to come again after `seconds`
 * - `mapped`: the path that is asked for instead
 * `seen` has the requests and upgrades, and how many bytes went each way in bodies and frames.
 */
export async function viciousProxy(vices = {}) {
  const seen = { requests: [], upgrades: 0, bytesDown: 0, bytesUp: 0 }
  const passages = new Set()

  /** From the server to the client, as slowly as the client takes it, until it is frozen. */
  function passage(from, to, client, one = { isFrozen: false, client }) {
    passages.add(one)
    to.once('close', () => passages.delete(one))
    from.on('data', (bytes) => {
      if (one.isFrozen) {
        return
      }
      seen.bytesDown += bytes.length
      if (!to.write(bytes)) {
        from.pause()
        to.once('drain', () => from.resume())
      }
    })
    return one
  }

  const onward = ({ method, url, headers }) =>
    http.request({
      host: server.hostname,
      port: server.port || 80,
      method,
      path: vices.mapped?.(url) ?? url,
      headers,
      agent: false,
    })

  function answer(request, response) {
    seen.requests.push({ url: request.url, headers: request.headers })
    if (vices.refusal) {
      const { status, seconds } = vices.refusal
      const head = { 'Content-Type': 'application/problem+json', 'Retry-After': seconds }
      const document = { type: 'urn:switchboard:problem:warming-up', title: 'Warming up', status }
      response.writeHead(status, head).end(JSON.stringify(document))
      return
    }
    if (vices.longPolls === 'refused' && request.url.includes('live=long-poll')) {
      response.writeHead(504).end()
      return
    }
    const isHurried = vices.longPolls === 'hurried' && request.url.includes('live=long-poll')
    const asked = onward(isHurried ? { ...request, url: request.url.replace(/&live.*/, '') } : request)
    // From now on, so that a request that is held can be frozen too.
    const one = { isFrozen: false, client: request.socket }
    passages.add(one)
    response.once('close', () => passages.delete(one))
    asked.on('response', (answered) => {
      if (one.isFrozen) {
        return
      }
      const { [vices.lostHeader]: _, ...headers } = answered.headers
      const isUnanswered = vices.appends === 'unanswered' && request.method === 'POST'
      response.writeHead(isUnanswered ? 502 : answered.statusCode, answered.statusMessage, headers)
      response.flushHeaders()
      const isStream = answered.headers['content-type'] === 'text/event-stream'
      passage(answered, response, request.socket, one).isFrozen =
        isStream && vices.streams === 'buffered'
      answered.on('end', () => response.end())
      answered.on('error', () => response.destroy())
    })
    asked.on('error', () => response.destroy())
    response.on('close', () => asked.destroy())
    request.on('data', (bytes) => (seen.bytesUp += bytes.length))
    request.pipe(asked)
  }

  function upgrade(request, socket) {
    seen.upgrades++
    seen.requests.push({ url: request.url, headers: request.headers })
    if (vices.upgrades === 'refused') {
      socket.end('HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n')
      return
    }
    const asked = onward(request)
    asked.on('error', () => socket.destroy())
    asked.on('response', () => socket.destroy())
    asked.on('upgrade', (answered, upstream, first) => {
      socket.write(headOf(answered))
      upstream.unshift(first)
      const one = passage(upstream, socket, socket)
      one.isFrozen = vices.upgrades === 'swallowed'
      socket.on('data', (bytes) => {
        if (!one.isFrozen) {
          seen.bytesUp += bytes.length
          upstream.write(bytes)
        }
      })
      upstream.on('error', () => socket.destroy()).on('close', () => socket.destroy())
      socket.on('close', () => upstream.destroy())
    })
    socket.on('error', () => asked.destroy())
    asked.end()
  }

  const listener = http.createServer(answer)
  listener.on('upgrade', upgrade)
  listener.on('connection', (socket) => vices.isDown && socket.destroy())
  const through = await listening(listener)
  const destroyAll = () => {
    passages.forEach(({ client }) => client.destroy())
    listener.closeAllConnections() // those too over which nothing goes just now
  }
  cleanups.push(destroyAll)
  return {
    vices,
    seen,
    through,
    /** Nothing goes over what is connected now; new connections work. */
    freeze: () => passages.forEach((one) => (one.isFrozen = true)),
    destroyAll,
    /** Connections over which nothing goes for so long are destroyed. */
    killIdle(millis) {
      listener.setTimeout(millis)
      listener.on('upgrade', (_, socket) => socket.setTimeout(millis, () => socket.destroy()))
    },
  }
}

function headOf({ statusCode, statusMessage, rawHeaders }) {
  let head = `HTTP/1.1 ${statusCode} ${statusMessage}\r\n`
  for (let i = 0; i < rawHeaders.length; i += 2) {
    head += `${rawHeaders[i]}: ${rawHeaders[i + 1]}\r\n`
  }
  return `${head}\r\n`
}
