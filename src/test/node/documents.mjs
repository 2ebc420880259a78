// openapi.json and asyncapi.json say what the server does: each thing they say is made to happen,
// and what happens and is not in them fails.
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import Ajv2020 from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { afterAll, afterEach, expect, vi } from 'vitest'
import WebSocket from 'ws'

const server = new URL(process.env.SWITCHBOARD_URL)
export const root = server.href.replace(/\/$/, '')
const project = new URL('../../../', import.meta.url)
const read = (path) => readFileSync(new URL(path, project), 'utf8')
export const documents = {
  'openapi.json': JSON.parse(read('src/main/webapp/openapi.json')),
  'asyncapi.json': JSON.parse(read('src/main/webapp/asyncapi.json')),
}
export const openapi = documents['openapi.json']
export const asyncapi = documents['asyncapi.json']

export const PROBLEM = 'urn:switchboard:problem:'
export const JSON_TYPE = { 'Content-Type': 'application/json' }
export const TEXT_TYPE = { 'Content-Type': 'text/plain' }
export const EVENTS = { Accept: 'text/event-stream' }
export const CLOSE = { 'Stream-Closed': 'true' }
export const MIB = 1 << 20
export const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head']

// Those that a test cannot bring about: the server's own failures, and clients that do not read.
// LimitsIT brings about the limits, on a server of its own.
const NOT_PROVOKED = [
  / 50\d\b/,
  / 4(08|14|29|31)\b/,
  / 426 |upgrade-version/, // that it is 426 is provoked; the words are the server's own on some
  /bad-upgrade/,
  /server-stopping/,
  /too-slow/,
  /rate-limited|store-(full|unavailable)|outcome-unknown|channel-full|too-many-(connections|from-address)|query-too-long/,
  /^channel \S+ channel-closed$/,
]

export const endings = [...read('docs/reference/endings.md').matchAll(/^\| `(\S+)` \| (\d+) \| (\d+) \|.*\| (.*)\. \|$/gm)].map(
  ([, name, status, code, title]) => ({ name, status: +status, code: +code, title }),
)
export const endingOf = (type) => endings.find(({ name }) => type === PROBLEM + name)

export const until = (condition, timeout = 25_000) => vi.waitUntil(condition, { timeout, interval: 2 })

export const cleanups = []
afterAll(() => Promise.allSettled(cleanups.map((cleanup) => cleanup())))

// What happened, and what of it is in neither document.
const seen = new Set()
const strange = []
afterEach(() => expect(strange.splice(0)).toEqual([]))

/** Readers ignore names they do not know, so the documents allow them; here nothing is unknown. */
function closed(node) {
  if (typeof node !== 'object' || node === null) {
    return node
  }
  if (Array.isArray(node)) {
    return node.map(closed)
  }
  const copy = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, closed(value)]))
  return node.properties ? { ...copy, unevaluatedProperties: false } : copy
}

const ajv = addFormats(new Ajv2020({ allErrors: true, allowUnionTypes: true, strictRequired: false }))
ajv.addVocabulary([...new Set(Object.values(documents).flatMap(Object.keys))])
for (const [file, document] of Object.entries(documents)) {
  ajv.addSchema({ ...closed(document), $id: file }, file, false)
}

const escaped = (key) => encodeURIComponent(String(key).replaceAll('~', '~0').replaceAll('/', '~1'))

/** What is wrong with a value, by the schema at this place of a document; null for nothing. */
export function wrong(file, path, value) {
  const validate = ajv.getSchema(`${file}#/${path.map(escaped).join('/')}`)
  return validate(value) ? null : ajv.errorsText(validate.errors)
}

/** The place in the OpenAPI document behind references (but not of schemas), and what is there. */
export function place(...path) {
  let at = []
  let value = openapi
  for (const key of path) {
    at = [...at, key]
    value = value?.[key]
    if (value?.$ref && !value.$ref.startsWith('#/components/schemas/')) {
      at = value.$ref.slice(2).split('/')
      value = at.reduce((node, name) => node[name], openapi)
    }
  }
  return { at, value }
}

const schemaOf = (path, value) => wrong('openapi.json', [...path, 'schema'], value)

export const templateOf = (path) =>
  /^\/channels\/[^/?]+\/presence(\?|$)/.test(path) ? '/channels/{name}/presence' : shortTemplateOf(path)
const shortTemplateOf = (path) => (/^\/channels\/?(\?|$)/.test(path) ? '/channels' : '/channels/{name}')

export function parametersOf(template, method) {
  const lists = [['parameters'], [method, 'parameters']]
  return lists.flatMap((list) => {
    const { value = [] } = place('paths', template, ...list)
    return value.map((_, index) => place('paths', template, ...list, index))
  })
}

const essence = (headers) => headers['content-type']?.split(';')[0] ?? ''

/** The most specific of the media ranges that this type is one of. */
const rangeOf = (content, type) =>
  [type, type.replace(/\/.*/, '/*'), '*/*'].find((range) => content?.[range])

/** One request; `enough` ends an answer that would go on. */
export function send(method, path, { headers = {}, body, enough } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(root + path, { method, headers })
    const answered = (response, text = '') =>
      resolve({ status: response.statusCode, headers: response.headers, text })
    request.on('error', reject)
    request.on('upgrade', (response, socket) => {
      socket.destroy()
      answered(response)
    })
    request.on('response', (response) => {
      const chunks = []
      const text = () => Buffer.concat(chunks).toString()
      response.on('data', (chunk) => {
        chunks.push(chunk)
        if (enough?.(text())) {
          answered(response, text())
          request.destroy()
        }
      })
      response.on('end', () => answered(response, text()))
      response.on('error', reject)
    })
    request.end(body)
  })
}

/** One request whose answer must be in the document, in every detail. */
export async function ask(method, path, options = {}) {
  const template = templateOf(path)
  const verb = method.toLowerCase()
  const what = `${method} ${template}`
  const answer = await send(method, path, options)
  const { value } = place('paths', template, verb)
  expect(Object.keys(value?.responses ?? {}), `${what} ${path}`).toContain(`${answer.status}`)
  expectRequested(what, template, verb, path, options, answer.status)
  expectAnswered(`${what} ${answer.status}`, ['paths', template, verb, 'responses', answer.status], answer, options)
  return answer
}

function expectRequested(what, template, verb, path, { headers = {}, body }, status) {
  const query = new URL(root + path).searchParams
  const given = Object.fromEntries(Object.entries(headers).map(([name, is]) => [name.toLowerCase(), is]))
  for (const { at, value } of parametersOf(template, verb)) {
    const isList = value.schema.type === 'array'
    const written = {
      path: () => [decodeURIComponent(path.split(/[/?]/)[2])],
      query: () => (isList && query.has(value.name) ? [query.getAll(value.name)] : query.getAll(value.name)),
      header: () => [given[value.name.toLowerCase()] ?? []].flat(),
    }[value.in]()
    if (written.length && status < 400) {
      const meant = (one) => (value.schema.type === 'integer' && /^\d+$/.test(one) ? Number(one) : one)
      expect(written.map((one) => schemaOf(at, meant(one))), `${what} ${value.name}`).toEqual([null])
      seen.add(`${what} takes ${value.in} ${value.name}`)
    }
  }
  const content = place('paths', template, verb, 'requestBody').value?.content
  if (body?.length && status < 300) {
    const range = rangeOf(content, essence(given))
    expect(range, `${what} ${essence(given)}`).toBeDefined()
    seen.add(`${what} takes ${range}`)
  }
}

export function expectAnswered(what, path, { status, headers, text }, { headers: asked = {} } = {}) {
  const { at, value } = place(...path)
  seen.add(what)
  // A handshake that is none: on some servers their own WebSocket filter answers before ours.
  if (asked.Upgrade && status >= 400) return
  const names = Object.keys(value.headers ?? {})
  for (const name of names) {
    const header = place(...at, 'headers', name)
    const is = headers[name.toLowerCase()]
    if (is !== undefined) {
      expect(schemaOf(header.at, is), `${what} ${name}: ${is}`).toBeNull()
      seen.add(`${what} header ${name}`)
    } else {
      expect(header.value.required ?? false, `${what} lacks ${name}`).toBe(false)
    }
  }
  // Those of the server software are its own business.
  const ours =
    /^(stream|producer|cross-origin|preference|x-accel|x-content)-|^(etag|location|allow|cache-control|sec-websocket-.*)$/
  const documented = names.map((name) => name.toLowerCase())
  const allowed = asked.Origin ? /^$/ : /^access-control-.*$/
  const unknown = Object.keys(headers).filter(
    (name) => !documented.includes(name) && (ours.test(name) || allowed.test(name)),
  )
  expect(unknown, what).toEqual([])
  if (text) {
    expectBody(what, at, value.content, { status, headers, text })
  }
}

function expectBody(what, at, content, { status, headers, text }) {
  const type = essence(headers)
  const range = rangeOf(content, type)
  expect(range, `${what} ${type}`).toBeDefined()
  seen.add(`${what} ${range}`)
  const body = /[/+]json$/.test(type) ? JSON.parse(text) : text
  const path = [...at, 'content', range]
  if (content[range].schema) {
    expect(schemaOf(path, body), `${what} ${text.slice(0, 500)}`).toBeNull()
  }
  if (type === 'application/problem+json') {
    expect(body).toMatchObject({ status, title: endingOf(body.type).title })
    seen.add(`${what} ${body.type}`)
  }
  for (const event of eventsOf(content[range]['x-events'] ? text : '')) {
    expect(Object.keys(content[range]['x-events']), what).toContain(event.name)
    const error = wrong('openapi.json', [...path, 'x-events', event.name], event.value)
    expect(error, `${what} ${event.name} ${event.data}`).toBeNull()
    expect(event.id, `${what} ${event.name}`).toMatch(/^\w{8}_\w{9}(\.\w{8}_\w{9})*$/)
    seen.add(`${what} event ${event.name}`)
  }
}

/** The whole events of an event stream; a comment and `retry` are none. */
export function eventsOf(text) {
  return text
    .split('\n\n')
    .slice(0, -1)
    .filter((block) => !/^(retry: \d+|:)$/.test(block))
    .map((block) => {
      const field = (name) =>
        block.split('\n').flatMap((line) => (line.startsWith(`${name}:`) ? [line.slice(name.length + 1)] : []))
      const data = field('data').join('\n')
      return { name: field('event')[0]?.trim(), id: field('id')[0]?.trim(), data, value: valueOf(data) }
    })
}

const valueOf = (text) => (/^[[{]/.test(text) ? JSON.parse(text) : text)

export const isSeen = (thing) => seen.has(thing) || NOT_PROVOKED.some((never) => never.test(thing))

/** All that the OpenAPI document says of a path, in the words in which it is noted as seen. */
export function documentedOf(template) {
  const operations = METHODS.filter((method) => openapi.paths[template][method])
  return operations.flatMap((verb) => {
    const what = `${verb.toUpperCase()} ${template}`
    const { responses, requestBody } = openapi.paths[template][verb]
    return [
      ...parametersOf(template, verb).map(({ value }) => `${what} takes ${value.in} ${value.name}`),
      ...Object.keys(requestBody?.content ?? {}).map((range) => `${what} takes ${range}`),
      ...Object.keys(responses).flatMap((status) => {
        const { headers = {}, content = {} } = place('paths', template, verb, 'responses', status).value
        return [
          '',
          ...Object.keys(headers).map((name) => ` header ${name}`),
          ...Object.keys(content).map((range) => ` ${range}`),
          ...Object.values(content).flatMap((media) => [
            ...Object.keys(media['x-events'] ?? {}).map((name) => ` event ${name}`),
            ...(media.schema?.properties?.type?.enum ?? []).map((type) => ` ${type}`),
          ]),
        ].map((thing) => `${what} ${status}${thing}`)
      }),
    ]
  })
}

export const pathOf = (name) => `/channels/${name}`
export const urlPathOf = (path) => new URL(root + path).pathname
export const newPath = () => pathOf(`api-${randomUUID()}`)
export const nameOf = (path) => path.split('/')[2]
export const next = ({ headers }) => headers['stream-next-offset']

export const post = (path, body, headers = JSON_TYPE) =>
  ask('POST', path, { headers, body: typeof body === 'string' ? body : JSON.stringify(body) })

/** A channel, what was appended to it, and where it starts. */
export async function newChannel(headers = JSON_TYPE, body = '') {
  const path = newPath()
  const { 'Stream-Closed': close, ...open } = headers
  const created = await ask('PUT', path, { headers: body ? open : headers })
  expect(created.status).toBe(201)
  cleanups.push(() => send('DELETE', path))
  if (body) {
    await post(path, body, headers)
  }
  return { path, name: nameOf(path), start: next(created) }
}

/** A channel that has forgotten its first messages. */
export async function forgetfulChannel() {
  const channel = await newChannel()
  const many = Array.from({ length: 1_000 }, (_, n) => n)
  do {
    await post(channel.path, many)
  } while ((await ask('GET', `${channel.path}?offset=${channel.start}`)).status !== 410)
  return channel
}

/** A deleted channel that has a fork. */
export async function keptChannel() {
  const { path, name } = await newChannel()
  await newChannel({ 'Stream-Forked-From': urlPathOf(path) })
  expect((await ask('DELETE', path)).status).toBe(204)
  return { path, name }
}

async function deletedChannel() {
  const channel = await newChannel()
  await ask('DELETE', channel.path)
  return channel
}

export async function expectProblem(answered, status, name) {
  const { status: is, text } = await answered
  expect([is, valueOf(text).type]).toEqual([status, PROBLEM + name])
}

export const handshake = (version = '13') => ({
  headers: {
    Connection: 'Upgrade',
    Upgrade: 'websocket',
    'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
    'Sec-WebSocket-Version': version,
    'Sec-WebSocket-Protocol': 'switchboard.v1',
  },
})

/** What a channel of the AsyncAPI document says, by who says it. */
function messagesOf(channel) {
  const here = Object.values(asyncapi.operations).filter((operation) => operation.channel.$ref === `#/channels/${channel}`)
  const names = (messages = []) => messages.map(({ $ref }) => $ref.split('/').at(-1))
  return {
    server: new Set(here.flatMap(({ action, messages, reply }) => [
      ...(action === 'send' ? names(messages) : []),
      ...names(reply?.messages),
    ])),
    client: new Set(here.flatMap(({ action, messages }) => (action === 'receive' ? names(messages) : []))),
  }
}

const wrongFrame = (channel, kind, frame) =>
  wrong('asyncapi.json', ['channels', channel, 'messages', kind, 'payload'], frame)

/** A connection all of whose frames must be in the document, one kind each. */
export function connect(channel, path, options = {}) {
  const socket = new WebSocket((root + path).replace('http', 'ws'), 'switchboard.v1', options)
  const client = { socket, frames: [], kinds: [] }
  socket.on('message', (text) => {
    const frame = JSON.parse(text)
    const kinds = [...messagesOf(channel).server].filter((one) => wrongFrame(channel, one, frame) === null)
    // Of one channel hello and heartbeat look alike: hello is the first.
    const kind = kinds.join() === 'hello,heartbeat' ? kinds[client.frames.length ? 1 : 0] : kinds.join()
    if (!messagesOf(channel).server.has(kind)) {
      strange.push(`${channel} ${text.toString().slice(0, 500)}`)
    }
    if (frame.error && frame.error.status !== endingOf(frame.error.type)?.status) {
      strange.push(`${channel} ${text}`)
    }
    seen.add(`${channel} ${kind}`)
    if (frame.error) {
      seen.add(`${channel} ${kind} ${frame.error.type.replace(PROBLEM, '')}`)
    }
    client.frames.push(frame)
    client.kinds.push(kind)
  })
  socket.on('close', (code, reason) => {
    client.closed = `${code} ${reason}`
    const listed = asyncapi.channels[channel]['x-close-codes'].map((one) => `${one.code} ${one.reason}`)
    if (!listed.includes(client.closed) && !client.isLeaving) {
      strange.push(`${channel} close ${client.closed}`)
    }
    seen.add(`${channel} close ${client.closed}`)
  })
  socket.on('error', (error) => (client.closed = error.message))
  cleanups.push(() => socket.terminate())
  client.say = (kind, command) => {
    expect(wrongFrame(channel, kind, command)).toBeNull()
    seen.add(`${channel} ${kind}`)
    socket.send(JSON.stringify(command))
  }
  /** Waits for frames of these kinds, in this order, others between them. */
  client.hears = async (...kinds) => {
    let from = 0
    for (const kind of kinds) {
      await until(() => client.closed || client.kinds.includes(kind, from))
      expect(client.kinds.slice(from), client.closed).toContain(kind)
      from = client.kinds.indexOf(kind, from) + 1
    }
    return client.frames[from - 1]
  }
  client.isClosed = async (how) => {
    await until(() => client.closed)
    expect(client.closed).toBe(how)
  }
  client.leave = () => {
    client.isLeaving = true
    socket.terminate()
  }
  return client
}

/** All that the AsyncAPI document says of a channel, in the words in which it is noted as seen. */
export function spokenOf(channel) {
  const { messages, 'x-close-codes': closeCodes } = asyncapi.channels[channel]
  return [
    ...Object.entries(messages).flatMap(([kind, { payload }]) => [
      `${channel} ${kind}`,
      ...(payload.properties.error?.properties.type.enum ?? []).map(
        (type) => `${channel} ${kind} ${type.replace(PROBLEM, '')}`,
      ),
    ]),
    ...closeCodes.map(({ code, reason }) => `${channel} close ${code} ${reason}`),
  ]
}
