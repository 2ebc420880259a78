// The token option of switchboard.js, against a server that lets nobody in without one.
import { createHmac, randomUUID } from 'node:crypto'
import { createServer } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import * as eventStream from '../../main/webapp/js/event-stream.js'
import * as longPoll from '../../main/webapp/js/long-poll.js'
import * as poll from '../../main/webapp/js/poll.js'
import { create, end, open as openBest, Problem } from '../../main/webapp/js/switchboard.js'
import * as webSocket from '../../main/webapp/js/web-socket.js'
import { cleanups, newUrl, server, until } from './channels.mjs'

const TRANSPORTS = { webSocket, eventStream, longPoll, poll }
const NAMES = Object.keys(TRANSPORTS)
const TIMES = { pollInterval: 20, connectTimeout: 4_000, backoff: [20, 200], WebSocket }
const { TOKEN_SECRET, TOKEN_ISSUER, TOKEN_AUDIENCE } = process.env

const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')

/** A token as the server's issuer makes it. */
function mint({ seconds = 600, secret = TOKEN_SECRET, actions = ['read', 'append', 'create', 'delete', 'deny'], ...claims } = {}) {
  const now = Math.floor(Date.now() / 1000)
  const signed = `${part({ alg: 'HS256', typ: 'at+jwt' })}.${part({
    iss: TOKEN_ISSUER,
    aud: TOKEN_AUDIENCE,
    sub: 'alice',
    jti: randomUUID(),
    iat: now,
    exp: now + seconds,
    authorization_details: [{ type: 'switchboard', channels: ['*'], actions }],
    ...claims,
  })}`
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`
}

const BAD = () => mint({ secret: 'another secret that is long enough to be one' })
const admin = mint({ sub: 'admin' })
const as = (token) => ({ Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' })

async function newChannel() {
  const url = newUrl()
  await create(url, { token: admin })
  cleanups.push(() => fetch(url, { method: 'DELETE', headers: as(admin) }))
  return url
}

const post = async (url, message) => {
  const answer = await fetch(url, { method: 'POST', headers: as(admin), body: JSON.stringify(message) })
  expect(answer.status).toBe(204)
}

async function deny(what) {
  const answer = await fetch(`${server.href}/access/denials`, { method: 'POST', headers: as(admin), body: JSON.stringify(what) })
  expect(answer.status).toBe(204)
}

/** Tokens as they are asked for, in order; the last again and again. */
function giver(...tokens) {
  const given = []
  const give = async () => {
    const next = tokens[Math.min(given.length, tokens.length - 1)]
    const token = typeof next === 'function' ? next() : next
    given.push(token)
    return token
  }
  return Object.assign(give, { given })
}

function listen(url, options) {
  const wire = []
  const subscription = openBest(url, { ...TIMES, onWire: (event) => wire.push(event), ...options })
  cleanups.push(() => subscription.close())
  const heard = { subscription, wire, messages: [], statuses: [] }
  subscription.addEventListener('message', ({ data }) => heard.messages.push(data))
  subscription.addEventListener('status', ({ detail }) => heard.statuses.push(detail))
  return heard
}

const isLive = ({ subscription }) => until(() => subscription.status === 'live')

async function failure(subscription) {
  try {
    for await (const message of subscription) {
      void message
    }
  } catch (problem) {
    return problem
  }
  return undefined
}

const typeOf = (problem) => problem?.document?.type?.replace('urn:switchboard:problem:', '')

describe.concurrent.for(NAMES)('a token over %s', (name) => {
  const transports = [name]

  test('is a string, a function or a promise', async () => {
    const url = await newChannel()
    await post(url, 1)
    for (const token of [mint(), () => mint(), async () => mint()]) {
      for await (const message of TRANSPORTS[name].open(url, { ...TIMES, token })) {
        expect(message).toBe(1)
        break
      }
    }
  })

  test('is needed to append too', async () => {
    const url = await newChannel()
    const heard = listen(url, { transports, token: mint() })
    await isLive(heard)
    await heard.subscription.append({ said: 'over ' + name })
    await until(() => heard.messages.length === 1)
    const reader = listen(url, { transports, token: mint({ actions: ['read'] }) })
    await isLive(reader)
    const refusal = await reader.subscription.append(1).catch((problem) => problem)
    expect(typeOf(refusal)).toBe('forbidden')
  })

  test('is in no URL and in nothing that an observer is told', async () => {
    const url = await newChannel()
    const token = giver(() => mint({ seconds: 3 }))
    const heard = listen(url, { transports, token })
    await isLive(heard)
    await heard.subscription.append(1)
    await until(() => token.given.length > 1 && heard.messages.length > 0)
    const told = JSON.stringify(heard.wire)
    token.given.forEach((one) => expect(told).not.toContain(one.split('.')[2]))
    expect(told).toContain('(secret)')
  })

  test('is asked for again before it ends, and nothing is missed', async () => {
    const url = await newChannel()
    const token = giver(() => mint({ seconds: 2 }))
    const heard = listen(url, { transports, token })
    await isLive(heard)
    for (let n = 1; n <= 50; n++) {
      await post(url, n)
      await pause(100)
    }
    await until(() => heard.messages.length === 50)
    expect(heard.messages).toEqual(Array.from({ length: 50 }, (_, index) => index + 1))
    expect(token.given.length).toBeGreaterThan(2)
    // What is held when the token ends is ended with it; the others ask in time.
    const problems = heard.statuses.flatMap(({ problem }) => (problem ? [typeOf(problem)] : []))
    const isHeld = name === 'eventStream' || name === 'longPoll'
    expect(problems.filter((type) => !(isHeld && type === 'token-expired'))).toEqual([])
    if (name === 'webSocket') {
      expect(heard.wire.filter(({ kind }) => kind === 'upgrade').length).toBe(1)
    }
  })

  test('that is refused is asked for once more', async () => {
    const url = await newChannel()
    await post(url, 1)
    const token = giver(BAD, () => mint())
    const heard = listen(url, { transports, token })
    await until(() => heard.messages.length === 1)
    expect(token.given.length).toBe(2)
  })

  test('that is refused twice ends the subscription with the reason', async () => {
    const url = await newChannel()
    const token = giver(BAD)
    const { subscription } = listen(url, { transports, token })
    const problem = await failure(subscription)
    expect(problem).toBeInstanceOf(Problem)
    expect(typeOf(problem)).toBe('invalid-token')
    expect(token.given.length).toBe(2)
    expect(subscription.status).toBe('closed')
    token.given.forEach((one) => expect(`${problem.stack}${JSON.stringify(problem.document)}`).not.toContain(one))
  })

  test('that is a string and ends, ends the subscription', async () => {
    const url = await newChannel()
    const heard = listen(url, { transports, token: mint({ seconds: 2 }) })
    await isLive(heard)
    expect(typeOf(await failure(heard.subscription))).toBe('token-expired')
  })

  test('that is denied is asked for once more', async () => {
    const url = await newChannel()
    const jti = randomUUID()
    const token = giver(() => mint({ jti }), () => mint())
    const heard = listen(url, { transports, token })
    await isLive(heard)
    await deny({ jti })
    await until(() => token.given.length === 2)
    await post(url, 1)
    await until(() => heard.messages.length === 1)
  })

  test('that cannot be had is told, and asked for again', async () => {
    const url = await newChannel()
    await post(url, 1)
    let asked = 0
    const token = () => {
      if (++asked < 3) {
        throw new Error('nobody is logged in')
      }
      return mint()
    }
    const heard = listen(url, { transports, token })
    await until(() => heard.messages.length === 1)
    const told = heard.statuses.filter(({ problem }) => problem).map(({ problem }) => problem.message)
    expect(told).toEqual(Array(2).fill('No token could be had: nobody is logged in'))
    expect(heard.statuses.every(({ transport }) => transport === name)).toBe(true)
  })
})

describe.concurrent('a token', () => {
  test('is asked for once by all who need it at the same time', async () => {
    const url = await newChannel()
    const token = giver(() => mint())
    const { subscription } = listen(url, { transports: ['poll'], token })
    await Promise.all(Array.from({ length: 10 }, (_, n) => subscription.append(n)))
    expect(token.given.length).toBe(1)
  })

  test('that an append is refused with is asked for once more', async () => {
    const url = await newChannel()
    const jti = randomUUID()
    const token = giver(() => mint({ jti }), () => mint())
    const heard = listen(url, { transports: ['poll'], pollInterval: 60_000, token })
    await isLive(heard)
    await deny({ jti })
    await heard.subscription.append(1)
    expect(token.given.length).toBe(2)
  })

  test('creates a channel and finds its end', async () => {
    const url = newUrl()
    const token = giver(BAD, admin)
    await create(url, { token })
    expect(await end(url, { token: admin })).toMatch(/^\w+_\w+$/)
    const refusal = await end(url).catch((problem) => problem)
    expect(refusal.document.status).toBe(401)
    await fetch(url, { method: 'DELETE', headers: as(admin) })
  })

  test('is needed', async () => {
    const url = await newChannel()
    for (const name of NAMES) {
      const { subscription } = listen(url, { transports: [name] })
      expect(typeOf(await failure(subscription)), name).toBe('unauthorized')
    }
  })

  test('that cannot be one is refused at once, and not quoted', () => {
    for (const token of ['', 'a b', 'a\r\nb', 'ä.b.c', 7, {}, null]) {
      const wrong = () => openBest(newUrl(), { token })
      expect(wrong).toThrow(TypeError)
      expect(wrong).toThrow(/^token: a JSON Web Token as a string is needed/)
    }
    expect(() => openBest(newUrl(), { token: 'secret, but no token' })).not.toThrow(/secret, but/)
  })

  test('goes in a header or a subprotocol, as a server sees it', async () => {
    const seen = []
    const witness = createServer((request, response) => {
      seen.push(request)
      response.writeHead(500).end()
    })
    witness.on('upgrade', (request, socket) => {
      seen.push(request)
      socket.destroy()
    })
    await new Promise((done) => witness.listen(0, '127.0.0.1', done))
    cleanups.push(() => witness.close())
    const token = mint()
    const url = `http://127.0.0.1:${witness.address().port}/channels/any`
    for (const name of NAMES) {
      const count = seen.length
      const { subscription } = listen(url, { transports: [name], token })
      await until(() => seen.length > count)
      subscription.close()
    }
    seen.forEach(({ url: path }) => expect(path).not.toContain(token))
    const upgrade = seen.find(({ headers }) => headers.upgrade)
    expect(upgrade.headers['sec-websocket-protocol'].replaceAll(' ', '')).toBe(`switchboard.v1,switchboard.bearer.${token}`)
    const others = seen.filter(({ headers }) => !headers.upgrade)
    expect(others.length).toBeGreaterThan(2)
    others.forEach(({ headers }) => expect(headers.authorization).toBe(`Bearer ${token}`))
  })
})
