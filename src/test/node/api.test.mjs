// openapi.json and asyncapi.json say what the server does: each thing they say is made to happen,
// and what happens and is not in them fails.
import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import asyncapiSpecs from '@asyncapi/specs'
import { Validator } from '@seriousme/openapi-schema-validator'
import Ajv from 'ajv'
import Ajv2020 from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { afterAll, afterEach, describe, expect, test, vi } from 'vitest'
import WebSocket from 'ws'

const server = new URL(process.env.SWITCHBOARD_URL)
const root = server.href.replace(/\/$/, '')
const project = new URL('../../../', import.meta.url)
const read = (path) => readFileSync(new URL(path, project), 'utf8')
const documents = {
  'openapi.json': JSON.parse(read('src/main/webapp/openapi.json')),
  'asyncapi.json': JSON.parse(read('src/main/webapp/asyncapi.json')),
}
const openapi = documents['openapi.json']
const asyncapi = documents['asyncapi.json']

const PROBLEM = 'urn:switchboard:problem:'
const JSON_TYPE = { 'Content-Type': 'application/json' }
const TEXT_TYPE = { 'Content-Type': 'text/plain' }
const EVENTS = { Accept: 'text/event-stream' }
const CLOSE = { 'Stream-Closed': 'true' }
const MIB = 1 << 20
const METHODS = ['get', 'put', 'post', 'delete', 'options', 'head']

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

const endings = [...read('docs/endings.md').matchAll(/^\| `(\S+)` \| (\d+) \| (\d+) \|.*\| (.*)\. \|$/gm)].map(
  ([, name, status, code, title]) => ({ name, status: +status, code: +code, title }),
)
const endingOf = (type) => endings.find(({ name }) => type === PROBLEM + name)

const until = (condition, timeout = 25_000) => vi.waitUntil(condition, { timeout, interval: 2 })

const cleanups = []
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
function wrong(file, path, value) {
  const validate = ajv.getSchema(`${file}#/${path.map(escaped).join('/')}`)
  return validate(value) ? null : ajv.errorsText(validate.errors)
}

/** The place in the OpenAPI document behind references (but not of schemas), and what is there. */
function place(...path) {
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

const templateOf = (path) =>
  /^\/channels\/[^/?]+\/presence(\?|$)/.test(path) ? '/channels/{name}/presence' : shortTemplateOf(path)
const shortTemplateOf = (path) => (/^\/channels\/?(\?|$)/.test(path) ? '/channels' : '/channels/{name}')

function parametersOf(template, method) {
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
function send(method, path, { headers = {}, body, enough } = {}) {
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
async function ask(method, path, options = {}) {
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
      expect(written.map((one) => schemaOf(at, one)), `${what} ${value.name}`).toEqual([null])
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

function expectAnswered(what, path, { status, headers, text }, { headers: asked = {} } = {}) {
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
function eventsOf(text) {
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

const isSeen = (thing) => seen.has(thing) || NOT_PROVOKED.some((never) => never.test(thing))

/** All that the OpenAPI document says of a path, in the words in which it is noted as seen. */
function documentedOf(template) {
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

const pathOf = (name) => `/channels/${name}`
const urlPathOf = (path) => new URL(root + path).pathname
const newPath = () => pathOf(`api-${randomUUID()}`)
const nameOf = (path) => path.split('/')[2]
const next = ({ headers }) => headers['stream-next-offset']

const post = (path, body, headers = JSON_TYPE) =>
  ask('POST', path, { headers, body: typeof body === 'string' ? body : JSON.stringify(body) })

/** A channel, what was appended to it, and where it starts. */
async function newChannel(headers = JSON_TYPE, body = '') {
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
async function forgetfulChannel() {
  const channel = await newChannel()
  const many = Array.from({ length: 1_000 }, (_, n) => n)
  do {
    await post(channel.path, many)
  } while ((await ask('GET', `${channel.path}?offset=${channel.start}`)).status !== 410)
  return channel
}

/** A deleted channel that has a fork. */
async function keptChannel() {
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

async function expectProblem(answered, status, name) {
  const { status: is, text } = await answered
  expect([is, valueOf(text).type]).toEqual([status, PROBLEM + name])
}

const handshake = (version = '13') => ({
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
function connect(channel, path, options = {}) {
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
function spokenOf(channel) {
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

describe('the documents', () => {
  test('openapi.json is valid OpenAPI 3.1', async () => {
    const { valid, errors } = await new Validator().validate(structuredClone(openapi))
    expect(errors).toBeUndefined()
    expect(valid).toBe(true)
    expect(openapi.openapi).toMatch(/^3\.1\./)
  })

  test('asyncapi.json is valid AsyncAPI 3.0', () => {
    // Its schema brings the schema for schemas along.
    const official = addFormats(new Ajv({ strict: false, meta: false, validateSchema: false, logger: false }))
    const validate = official.compile(asyncapiSpecs.schemas['3.0.0'])
    expect(validate(asyncapi) || validate.errors).toBe(true)
    expect(asyncapi.asyncapi).toMatch(/^3\.0\./)
  })

  test.for(Object.keys(documents))('%s has no reference that leads nowhere', (file) => {
    const references = [...JSON.stringify(documents[file]).matchAll(/"\$ref":"#\/([^"]+)"/g)]
    const there = (path) => path.split('/').reduce((node, key) => node?.[key.replaceAll('~1', '/')], documents[file])
    expect(references.map(([, path]) => path).filter((path) => there(path) === undefined)).toEqual([])
  })

  test.for(Object.keys(documents))('%s is served as it is here', async (file) => {
    const answer = await fetch(`${root}/${file}`)
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toMatch(/^application\/json\b/)
    expect(await answer.json()).toEqual(documents[file])
  })

  test.for(Object.keys(documents))('%s has examples that are what they are examples of', (file) => {
    const errors = []
    const check = (path, values) =>
      errors.push(...values.map((value) => wrong(file, path, value)).filter((error) => error))
    const walk = (node, path) => {
      if (node.schema) {
        const values = Object.values(node.examples ?? {}).map(({ value }) => value)
        check([...path, 'schema'], 'example' in node ? [node.example, ...values] : values)
      } else if (node.payload) {
        check([...path, 'payload'], node.examples.map(({ payload }) => payload))
      } else if (path[1] === 'schemas' && path.length === 3) {
        check(path, node.examples ?? [])
      }
      for (const [key, child] of Object.entries(node)) {
        if (typeof child === 'object' && child !== null && !/^examples?$/.test(key)) {
          walk(child, [...path, key])
        }
      }
    }
    walk(documents[file], [])
    expect(errors).toEqual([])
  })

  test('have the problems of docs/endings.md, with its status and close codes', () => {
    expect(endings.length).toBeGreaterThan(20)
    const types = openapi.components.schemas.Problem.properties.type.enum
    expect(types.toSorted()).toEqual(endings.map(({ name }) => PROBLEM + name).toSorted())
    const inResponses = Object.entries(openapi.paths).flatMap(([template, item]) =>
      METHODS.filter((method) => item[method]).flatMap((method) =>
        Object.keys(item[method].responses).flatMap((status) =>
          Object.values(place('paths', template, method, 'responses', status).value.content ?? {}).flatMap(
            ({ schema }) => (schema?.properties?.type?.enum ?? []).map((type) => [type, +status]),
          ),
        ),
      ),
    )
    expect(inResponses.filter(([type, status]) => endingOf(type)?.status !== status)).toEqual([])
    const codes = Object.values(asyncapi.channels).flatMap((channel) => channel['x-close-codes'])
    expect(codes.filter(({ code, reason }) => endingOf(PROBLEM + reason)?.code !== code)).toEqual([])
    const told = [...JSON.stringify(asyncapi).matchAll(/"(urn:[^"]+)"/g)].map(([, type]) => type)
    expect(told.filter((type) => !endingOf(type))).toEqual([])
  })
})

describe('/channels/{name} of openapi.json', () => {
  test('PUT makes a channel of any kind, and finds it as it was made', async () => {
    const [bytes, gone] = [{ 'Content-Type': 'image/png' }, { 'Stream-Expires-At': '2100-01-01T00:00:00Z' }]
    for (const [headers, body] of [
      [JSON_TYPE, '[1,2]'],
      [{ ...TEXT_TYPE, ...CLOSE }, 'one'],
      [{ ...bytes, 'Stream-TTL': '3600' }, 'abc'],
      [gone, undefined],
    ]) {
      const path = newPath()
      cleanups.push(() => send('DELETE', path))
      expect((await ask('PUT', path, { headers, body })).status).toBe(201)
      expect((await ask('PUT', path, { headers, body })).status).toBe(200)
    }
  })

  test('PUT makes a fork', async () => {
    const { path, start } = await newChannel(JSON_TYPE, '[1,2,3]')
    const from = { 'Stream-Forked-From': urlPathOf(path) }
    const fork = await newChannel({ ...from, 'Stream-Fork-Offset': start, 'Stream-Fork-Sub-Offset': '2' })
    expect((await ask('GET', fork.path)).text).toBe('[1,2]')
    const whole = await newChannel(from)
    expect((await ask('GET', whole.path)).text).toBe('[1,2,3]')
  })

  test('PUT says what is wrong', async () => {
    const { path } = await newChannel()
    const from = { 'Stream-Forked-From': urlPathOf(path) }
    const put = (headers, body, to = newPath()) => ask('PUT', to, { headers, body })
    await expectProblem(put(JSON_TYPE, '', '/channels/a%20b'), 400, 'bad-name')
    await expectProblem(put({ ...from, 'Stream-Fork-Offset': 'x' }), 400, 'bad-offset')
    await expectProblem(put({ 'Stream-TTL': '030' }), 400, 'bad-parameter')
    await expectProblem(put(JSON_TYPE, '{'), 400, 'bad-message')
    await expectProblem(put({ ...from, 'Stream-Fork-Sub-Offset': '1' }), 400, 'bad-fork')
    await expectProblem(put({ 'Stream-Forked-From': urlPathOf(newPath()) }), 404, 'unknown-channel')
    await expectProblem(put(TEXT_TYPE, '', path), 409, 'channel-exists')
    await expectProblem(put({ ...from, ...TEXT_TYPE }), 409, 'content-type-mismatch')
    await expectProblem(put(JSON_TYPE, '', (await keptChannel()).path), 409, 'source-deleted')
    await expectProblem(put(TEXT_TYPE, 'x'.repeat(MIB + 1)), 413, 'too-large')
    await expectProblem(put({ ...TEXT_TYPE, 'Content-Encoding': 'gzip' }, 'x'), 415, 'unsupported-encoding')
  })

  test('POST appends to a channel of any kind, and closes it', async () => {
    for (const type of ['application/json', 'text/plain', 'image/png']) {
      const headers = { 'Content-Type': type }
      const { path } = await newChannel(headers)
      expect((await post(path, '1', { ...headers, 'Stream-Seq': '1' })).status).toBe(204)
      expect((await post(path, '', CLOSE)).headers['stream-closed']).toBe('true')
    }
  })

  test('POST of a producer is appended once', async () => {
    const { path } = await newChannel()
    const produce = (epoch, seq, more = {}) =>
      post(path, '1', { ...JSON_TYPE, 'Producer-Id': 'a', 'Producer-Epoch': `${epoch}`, 'Producer-Seq': `${seq}`, ...more })
    expect((await produce(0, 0)).status).toBe(200)
    expect((await produce(0, 0)).status).toBe(204)
    const missing = await produce(0, 2)
    await expectProblem(missing, 409, 'sequence-conflict')
    expect(missing.headers['producer-expected-seq']).toBe('1')
    expect((await produce(1, 0)).status).toBe(200)
    await expectProblem(produce(0, 1), 403, 'producer-fenced')
    const last = await produce(1, 1, CLOSE)
    expect([last.status, last.headers['stream-closed']]).toEqual([200, 'true'])
  })

  test('POST says what is wrong', async () => {
    const { path } = await newChannel()
    await expectProblem(post('/channels/a%20b', '1'), 400, 'bad-name')
    await expectProblem(post(path, '1', {}), 400, 'bad-parameter')
    await expectProblem(post(path, '{'), 400, 'bad-message')
    await expectProblem(post(path, []), 400, 'empty-body')
    await expectProblem(post(newPath(), '1'), 404, 'unknown-channel')
    await expectProblem(post(path, '1', TEXT_TYPE), 409, 'content-type-mismatch')
    await expectProblem(post((await keptChannel()).path, '1'), 410, 'kept-for-forks')
    await expectProblem(post(path, '1'.repeat(MIB + 1)), 413, 'too-large')
    await expectProblem(post(path, '1', { ...JSON_TYPE, 'Content-Encoding': 'gzip' }), 415, 'unsupported-encoding')
    const { headers } = await post(path, '1', { ...JSON_TYPE, ...CLOSE })
    const late = await post(path, '2')
    await expectProblem(late, 409, 'channel-closed')
    expect(next(late)).toBe(next({ headers }))
  })

  test('GET polls channels of any kind, and answers 304 where nothing changed', async () => {
    const { path, start } = await newChannel(JSON_TYPE, '[1,{"a":2}]')
    const polled = await ask('GET', `${path}?offset=-1`)
    expect(JSON.parse(polled.text)).toEqual([1, { a: 2 }])
    expect(polled.headers).toMatchObject({ 'stream-up-to-date': 'true', 'cache-control': 'no-cache' })
    await post(path, '', CLOSE)
    const end = await ask('GET', `${path}?offset=${next(polled)}`)
    expect(end.headers).toMatchObject({ 'stream-closed': 'true', 'stream-next-offset': next(polled) })
    expect((await ask('GET', `${path}?member=ann`)).status).toBe(200)
    const again = { headers: { 'If-None-Match': end.headers.etag } }
    expect((await ask('GET', `${path}?offset=${next(polled)}`, again)).status).toBe(304)
    expect((await ask('GET', `${path}?offset=now`)).headers.etag).toBeUndefined()
    expect(next(polled) > start).toBe(true)
    for (const type of ['text/plain', 'image/png']) {
      const other = await newChannel({ 'Content-Type': type }, 'abc')
      expect((await ask('GET', other.path)).text).toBe('abc')
    }
  })

  test('GET holds a long poll until something comes, or nothing in time', async () => {
    const { path, start } = await newChannel()
    const prefer = { headers: { Prefer: 'wait=20' } }
    const held = ask('GET', `${path}?offset=${start}&live=long-poll&cursor=1`, prefer)
    await post(path, '1')
    const { status, headers, text } = await held
    expect([status, text, headers['preference-applied']]).toEqual([200, '[1]', 'wait=20'])
    expect(headers).toMatchObject({ 'cache-control': 'no-store' })
    const url = `${path}?offset=${headers['stream-next-offset']}`
    const nothing = await ask('GET', url, { headers: { Prefer: 'wait=1' } })
    expect([nothing.status, next(nothing)]).toEqual([204, headers['stream-next-offset']])
    await post(path, '', CLOSE)
    const end = await ask('GET', `${url}&live=long-poll`)
    expect([end.status, end.headers['stream-closed']]).toEqual([204, 'true'])
  })

  test('GET answers a long poll whose channel is deleted meanwhile', async () => {
    let type
    while (type !== `${PROBLEM}channel-deleted`) {
      const { path } = await newChannel()
      const held = ask('GET', `${path}?offset=now&live=long-poll`)
      // Mostly the long poll is there before the second of these; else once more.
      await ask('HEAD', path)
      await ask('DELETE', path)
      type = JSON.parse((await held).text).type
    }
  })

  test('GET answers with an event stream', async () => {
    const { path, start } = await newChannel(JSON_TYPE, '[1,2]')
    const enough = (text) => eventsOf(text).length >= 2
    const stream = await ask('GET', `${path}?offset=-1&live=sse`, { enough })
    expect(eventsOf(stream.text).map(({ name }) => name)).toEqual(['data', 'control'])
    expect(eventsOf(stream.text)[0].value).toEqual([1, 2])
    const resumed = await ask('GET', path, { headers: { ...EVENTS, 'Last-Event-ID': start }, enough })
    expect(eventsOf(resumed.text)[0].value).toEqual([1, 2])
    const bare = { headers: EVENTS, enough }
    const byQuery = await ask('GET', `${path}?offset=now&lastEventId=${start}`, bare)
    expect(eventsOf(byQuery.text)[0].value).toEqual([1, 2])
    await post(path, '', CLOSE)
    const whole = await ask('GET', path, { headers: EVENTS })
    const { id, value } = eventsOf(whole.text).at(-1)
    expect(value.streamClosed).toBe(true)
    const atTheEnd = await ask('GET', path, { headers: { ...EVENTS, 'Last-Event-ID': id } })
    expect(atTheEnd.status).toBe(204)
    for (const [type, data] of [['text/plain', 'a\nb'], ['image/png', 'YQpi']]) {
      const other = await newChannel({ 'Content-Type': type, ...CLOSE }, 'a\nb')
      const { text } = await ask('GET', other.path, { headers: EVENTS })
      expect(eventsOf(text)[0].data).toBe(data)
    }
  })

  test('GET tells a gap: 410, or an event', async () => {
    const { path, start } = await forgetfulChannel()
    const gone = await ask('GET', `${path}?offset=${start}`)
    await expectProblem(gone, 410, 'offset-gone')
    expect(JSON.parse(gone.text)).toMatchObject({ earliest: next(gone), reset: { reason: 'trimmed' } })
    const enough = (text) => eventsOf(text).length >= 1
    const stream = await ask('GET', `${path}?offset=${start}`, { headers: EVENTS, enough })
    expect(eventsOf(stream.text)[0]).toMatchObject({ name: 'reset', id: next(gone) })
    await expectProblem(ask('GET', `${path}?offset=${start}&live=sse`), 410, 'offset-gone')
    await ask('DELETE', path)
    await ask('PUT', path, { headers: JSON_TYPE })
    const anew = await ask('GET', `${path}?offset=${start}`)
    expect(JSON.parse(anew.text).reset).toEqual({ reason: 'epoch' })
  })

  test('GET becomes a WebSocket, or says why not', async () => {
    const { path } = await newChannel()
    expect((await ask('GET', path, handshake())).status).toBe(101)
    expect((await ask('GET', path, handshake('12'))).status).toBe(426)
    const { headers } = handshake()
    delete headers['Sec-WebSocket-Key']
    expect((await ask('GET', path, { headers })).status).toBe(400)
  })

  test('GET says what is wrong', async () => {
    const { path } = await newChannel()
    await expectProblem(ask('GET', '/channels/a%20b'), 400, 'bad-name')
    await expectProblem(ask('GET', `${path}?offset=nonsense`), 400, 'bad-offset')
    await expectProblem(ask('GET', `${path}?live=sse`), 400, 'bad-offset')
    await expectProblem(ask('GET', `${path}?live=x`), 400, 'bad-parameter')
    await expectProblem(ask('GET', newPath()), 404, 'unknown-channel')
    await expectProblem(ask('GET', newPath(), { headers: EVENTS }), 404, 'unknown-channel')
    await expectProblem(ask('GET', (await keptChannel()).path), 410, 'kept-for-forks')
  })

  test('HEAD tells where the channel ends and how long it lives', async () => {
    const { path, start } = await newChannel({ ...JSON_TYPE, 'Stream-TTL': '3600', ...CLOSE })
    expect((await ask('HEAD', path)).headers).toMatchObject({ 'stream-ttl': '3600', 'stream-next-offset': start })
    const other = await newChannel({ 'Stream-Expires-At': '2100-01-01T00:00:00Z' })
    expect((await ask('HEAD', other.path)).headers['content-type']).toBe('application/octet-stream')
    expect((await ask('HEAD', '/channels/a%20b')).status).toBe(400)
    expect((await ask('HEAD', newPath())).status).toBe(404)
    expect((await ask('HEAD', (await keptChannel()).path)).status).toBe(410)
  })

  test('DELETE removes the channel', async () => {
    const { path } = await newChannel()
    expect((await ask('DELETE', path)).status).toBe(204)
    await expectProblem(ask('DELETE', path), 404, 'unknown-channel')
    await expectProblem(ask('DELETE', '/channels/a%20b'), 400, 'bad-name')
    await expectProblem(ask('DELETE', (await keptChannel()).path), 410, 'kept-for-forks')
  })

  test('OPTIONS lets in the pages of the origins that a setting names', async () => {
    await expectPreflights(newPath())
  })

  test('every answer says who may read it', async () => {
    const { path } = await newChannel()
    for (const method of ['PUT', 'POST', 'GET', 'HEAD', 'DELETE']) {
      const headers = { ...JSON_TYPE, Origin: 'https://example.com' }
      const answer = await ask(method, path, { headers, body: method === 'POST' ? '1' : undefined })
      expect(answer.status).toBeLessThan(300)
      expect(answer.headers).toMatchObject({ vary: 'Origin', 'access-control-allow-origin': headers.Origin })
      const exposed = answer.headers['access-control-expose-headers'].toLowerCase().split(', ')
      const ours = Object.keys(answer.headers).filter((name) => /^(stream|producer)-|^(etag|location)$/.test(name))
      expect(ours.filter((name) => !exposed.includes(name))).toEqual([])
    }
  })

  test('a page of an origin that is not named may change nothing, nor read with cookies', async () => {
    const { path } = await newChannel()
    const headers = { ...JSON_TYPE, Origin: 'https://evil.test', Cookie: 'a=b' }
    for (const method of ['PUT', 'POST', 'GET', 'DELETE']) {
      const body = method === 'POST' ? '1' : undefined
      await expectProblem(ask(method, path, { headers, body }), 403, 'wrong-origin')
    }
    expect((await ask('HEAD', path, { headers })).status).toBe(403)
    expect((await ask('GET', path)).text).toBe('[]')
  })

  test('a method that is not there is answered 405 with those that are', async () => {
    const answer = await send('PATCH', newPath())
    expectAnswered('PATCH', ['components', 'responses', 'MethodNotAllowed'], answer)
    await expectProblem(answer, 405, 'method-not-allowed')
    const allowed = answer.headers.allow.toLowerCase().split(', ')
    const { parameters, ...operations } = openapi.paths['/channels/{name}']
    expect(allowed.toSorted()).toEqual(Object.keys(operations).toSorted())
    expect(parameters.length).toBe(1)
  })

  test('all that the document says has happened', () => {
    expect(documentedOf('/channels/{name}').filter((thing) => !isSeen(thing))).toEqual([])
  })
})

async function expectPreflights(path) {
  const preflight = (origin) =>
    ask('OPTIONS', path, {
      headers: {
        Origin: origin,
        'Access-Control-Request-Method': 'PUT',
        'Access-Control-Request-Headers': 'stream-ttl',
      },
    })
  const { status, headers } = await preflight('https://example.com')
  expect([status, headers['access-control-allow-origin']]).toEqual([204, 'https://example.com'])
  expect((await ask('OPTIONS', path)).status).toBe(200)
  const other = await preflight('https://nobody.example')
  expect([other.status, other.headers['access-control-allow-origin']]).toEqual([200, undefined])
  // Whatever the document says that a page may send.
  const allowed = headers['access-control-allow-headers'].toLowerCase().split(', ')
  const operations = ['put', 'post', 'get'].filter((method) => openapi.paths[templateOf(path)][method])
  const documented = operations
    .flatMap((method) => parametersOf(templateOf(path), method))
    .flatMap(({ value }) => (value.in === 'header' ? [value.name.toLowerCase()] : []))
  expect(documented.filter((name) => !allowed.includes(name))).toEqual([])
}

describe('/channels/{name}/presence of openapi.json', () => {
  test('GET counts who listens by each transport, and tells names where the channel does', async () => {
    const { path } = await newChannel()
    await ask('GET', `${path}?offset=-1`)
    expect(JSON.parse((await ask('GET', `${path}/presence`)).text)).toEqual({
      present: 1,
      transports: { poll: 1, longPoll: 0, eventStream: 0, webSocket: 0 },
    })
    const named = pathOf(`auto-members-${randomUUID()}`)
    await ask('GET', `${named}?member=ann`)
    const { members } = JSON.parse((await ask('GET', `${named}/presence`)).text)
    expect(members).toEqual(['ann'])
  })

  test('GET says what is wrong', async () => {
    await expectProblem(ask('GET', `${newPath()}/presence`), 404, 'unknown-channel')
    await expectProblem(ask('GET', '/channels/a%20b/presence'), 400, 'bad-name')
  })

  test('all that the document says has happened', () => {
    expect(documentedOf('/channels/{name}/presence').filter((thing) => !isSeen(thing))).toEqual([])
  })
})

describe('/channels/{name} of asyncapi.json', () => {
  test('says hello, then what there is and what comes, then that it is closed', async () => {
    const { path, start } = await newChannel(JSON_TYPE, '[1]')
    const client = connect('channel', `${path}?offset=-1`)
    await client.hears('hello', 'messages')
    expect(client.frames[0]).toEqual({ next: start })
    client.say('append', { id: 7, append: { text: 'hi' } })
    expect(await client.hears('appended')).toMatchObject({ id: 7 })
    await client.hears('messages', 'messages')
    client.say('ping', { id: 8, ping: true })
    expect(await client.hears('pong')).toEqual({ id: 8, pong: true })
    await client.hears('heartbeat')
    await post(path, '', CLOSE)
    await client.hears('closed')
    await client.isClosed('1000 channel-closed')
  })

  test('says what a text and a binary channel hold', async () => {
    for (const [type, kind] of [['text/plain', 'text'], ['image/png', 'data']]) {
      const { path } = await newChannel({ 'Content-Type': type }, 'abc')
      const client = connect('channel', path)
      expect(await client.hears(kind)).toMatchObject({ [kind]: kind === 'text' ? 'abc' : 'YWJj' })
      client.say('append', { append: 'AQID' })
      await client.hears(kind, kind)
      client.leave()
    }
  })

  test('tells a gap, and full pages after it', async () => {
    const { path, start } = await forgetfulChannel()
    const client = connect('channel', `${path}?offset=${start}`)
    expect((await client.hears('reset')).reset.reason).toBe('trimmed')
    await client.hears('messages')
    await ask('DELETE', path)
    await client.isClosed('4404 channel-deleted')
    await ask('PUT', path, { headers: JSON_TYPE })
    const again = connect('channel', `${path}?offset=${start}`)
    expect((await again.hears('reset')).reset).toEqual({ reason: 'epoch' })
    again.leave()
  })

  test('has "more" on a page that is full', async () => {
    const { path } = await newChannel(JSON_TYPE, JSON.stringify(Array(1_001).fill(0)))
    const client = connect('channel', path)
    expect((await client.hears('messages')).more).toBe(true)
    await until(() => client.kinds.includes('messages') && !client.frames.at(-1).more)
    client.leave()
  })

  test('refuses a command that is wrong, and goes on', async () => {
    const { path } = await newChannel()
    const text = await newChannel(TEXT_TYPE)
    const client = connect('channel', path)
    const writer = connect('channel', text.path)
    await client.hears('hello')
    await writer.hears('hello')
    const wrongs = [
      [client, { publish: 1 }, 'bad-command'],
      [writer, { append: 1 }, 'bad-message'],
      [client, { append: [] }, 'empty-body'],
    ]
    for (const [by, command, name] of wrongs) {
      by.socket.send(JSON.stringify(command))
      const error = await by.hears(...by.kinds.filter((kind) => kind === 'error'), 'error')
      expect(error).toMatchObject({ error: { type: PROBLEM + name } })
      by.socket.send(JSON.stringify({ id: name, ...command }))
      await until(() => by.frames.some(({ id }) => id === name))
      expect(by.frames.find(({ id }) => id === name).error.type).toBe(PROBLEM + name)
    }
    client.leave()
    writer.leave()
  })

  test('tells in a frame what is wrong with the URL, and closes', async () => {
    const { path } = await newChannel()
    const kept = await keptChannel()
    for (const [to, how] of [
      [`/channels/${'a'.repeat(129)}`, '4400 bad-name'],
      [`${path}?offset=nonsense`, '4400 bad-offset'],
      [`${path}?offset=-1&offset=-1`, '4400 bad-parameter'],
      [newPath(), '4404 unknown-channel'],
      [kept.path, '4410 kept-for-forks'],
    ]) {
      const client = connect('channel', to)
      await client.isClosed(how)
      expect(client.kinds).toEqual(['error'])
    }
  })

  test('closes where it is sent what it cannot take, or hears nothing', async () => {
    await expectCloses('channel', (await newChannel()).path)
  })

  test('all that the document says has been said', () => {
    expect(spokenOf('channel').filter((thing) => !isSeen(thing))).toEqual([])
  })
})

async function expectCloses(channel, path) {
  const dead = connect(channel, path, { autoPong: false })
  const binary = connect(channel, path)
  await binary.hears('hello')
  binary.socket.send(Buffer.from([1]))
  await binary.isClosed('1003 binary-frame')
  const large = connect(channel, path)
  await large.hears('hello')
  large.socket.send(JSON.stringify({ append: 'x'.repeat(MIB) }))
  await large.isClosed('1009 too-large')
  await dead.isClosed('1001 connection-lost')
}

describe('/channels of openapi.json', () => {
  const at = (...channels) => `/channels?${channels.map((channel) => `channel=${channel}`).join('&')}`

  test('GET polls several channels, of all kinds', async () => {
    const a = await newChannel(JSON_TYPE, '[1,2]')
    const b = await newChannel(TEXT_TYPE, 'abc')
    const c = await newChannel({ 'Content-Type': 'image/png', ...CLOSE }, 'abc')
    const polled = await ask('GET', `${at(a.name, `${b.name}@${b.start}`, `${c.name}@-1`)}&member=ann`)
    const frames = JSON.parse(polled.text)
    expect(frames).toMatchObject([
      { channel: a.name, messages: [1, 2] },
      { channel: b.name, text: 'abc' },
      { channel: c.name, data: 'YWJj' },
      { channel: c.name, closed: true },
    ])
    expect(next(polled)).toBe(frames.slice(0, 3).map((frame) => frame.next).join('.'))
    expect(polled.headers['stream-up-to-date']).toBe('true')
    // The combined offset wins over the channels' own.
    const { text } = await ask('GET', `${at(`${a.name}@-1`, b.name)}&offset=${frames[0].next}.${b.start}`)
    expect(JSON.parse(text)).toEqual([frames[1]])
    const nothing = await ask('GET', at(`${a.name}@now`, `${b.name}@now`))
    expect([nothing.text, nothing.headers['cache-control']]).toEqual(['[]', 'no-store'])
  })

  test('GET tells of each channel a gap, its end, and more than a page', async () => {
    const gap = await forgetfulChannel()
    const end = await newChannel({ ...JSON_TYPE, ...CLOSE })
    const full = await newChannel(JSON_TYPE, JSON.stringify(Array(1_001).fill(0)))
    const polled = await ask('GET', at(`${gap.name}@${gap.start}`, end.name, full.name))
    expect(JSON.parse(polled.text)).toMatchObject([
      { channel: gap.name, reset: { reason: 'trimmed' } },
      { channel: end.name, closed: true },
      { channel: full.name, more: true },
    ])
    expect(polled.headers['stream-up-to-date']).toBeUndefined()
  })

  test('GET answers 304 where nothing changed', async () => {
    const [a, b] = [await newChannel({ ...JSON_TYPE, ...CLOSE }), await newChannel({ ...JSON_TYPE, ...CLOSE })]
    const polled = await ask('GET', at(a.name, b.name))
    expect(polled.headers['stream-closed']).toBe('true')
    const again = { headers: { 'If-None-Match': polled.headers.etag } }
    expect((await ask('GET', at(a.name, b.name), again)).status).toBe(304)
  })

  test('GET holds a long poll until something comes, or nothing in time', async () => {
    const [a, b] = [await newChannel(), await newChannel()]
    const prefer = { headers: { Prefer: 'wait=20' } }
    const held = ask('GET', `${at(a.name, b.name)}&live=long-poll&cursor=1`, prefer)
    await post(b.path, '1')
    const { status, headers, text } = await held
    expect(status).toBe(200)
    expect(JSON.parse(text)).toMatchObject([{ channel: b.name, messages: [1] }])
    const url = `${at(a.name, b.name)}&offset=${headers['stream-next-offset']}`
    const nothing = await ask('GET', url, { headers: { Prefer: 'wait=1' } })
    expect([nothing.status, next(nothing)]).toEqual([204, headers['stream-next-offset']])
  })

  test('GET answers a long poll one of whose channels is deleted meanwhile', async () => {
    let type
    while (type !== `${PROBLEM}channel-deleted`) {
      const [a, b] = [await newChannel(), await newChannel()]
      const held = ask('GET', `${at(a.name, b.name)}&live=long-poll`)
      await ask('HEAD', b.path)
      await ask('DELETE', b.path)
      type = JSON.parse((await held).text).type
    }
  })

  test('GET answers with an event stream', async () => {
    const gap = await forgetfulChannel()
    const a = await newChannel(JSON_TYPE, '[1]')
    const end = await newChannel({ ...JSON_TYPE, ...CLOSE })
    const names = (text) => eventsOf(text).map(({ name }) => name)
    const enough = (text) =>
      ['data', 'reset', 'closed', 'control'].every((name) => names(text).includes(name))
    const url = at(`${gap.name}@${gap.start}`, a.name, end.name)
    const stream = await ask('GET', `${url}&live=sse`, { enough })
    const events = eventsOf(stream.text)
    expect(events.find(({ value }) => value.channel === a.name).value.messages).toEqual([1])
    expect(events.find(({ name }) => name === 'reset').value.channel).toBe(gap.name)
    expect(events.find(({ name }) => name === 'closed').value.channel).toBe(end.name)
    expect(events.every(({ id }) => id.split('.').length === 3)).toBe(true)
    const id = [gap.start, a.start, end.start].join('.')
    const resumed = await ask('GET', url, { headers: { ...EVENTS, 'Last-Event-ID': id }, enough })
    expect(eventsOf(resumed.text).some(({ value }) => value.channel === a.name)).toBe(true)
    const byQuery = await ask('GET', `${url}&lastEventId=${id}`, { headers: EVENTS, enough })
    expect(eventsOf(byQuery.text).some(({ value }) => value.channel === a.name)).toBe(true)
  })

  test('GET answers 204 where an event stream is resumed and nothing will ever come', async () => {
    const { name, start } = await newChannel({ ...JSON_TYPE, ...CLOSE })
    const { status } = await ask('GET', at(name), { headers: { ...EVENTS, 'Last-Event-ID': start } })
    expect(status).toBe(204)
  })

  test('GET says what is wrong', async () => {
    const { name, start } = await newChannel()
    const many = Array.from({ length: 129 }, (_, n) => `auto-api-${n}`)
    await expectProblem(ask('GET', '/channels'), 400, 'bad-parameter')
    await expectProblem(ask('GET', at(...many)), 400, 'too-many-subscriptions')
    await expectProblem(ask('GET', at(name, `${name}@now`)), 400, 'bad-parameter')
    await expectProblem(ask('GET', at('a%20b')), 400, 'bad-name')
    await expectProblem(ask('GET', `${at(name)}&offset=${start}.${start}`), 400, 'bad-offset')
    await expectProblem(ask('GET', at(`${name}@nonsense`)), 400, 'bad-offset')
    await expectProblem(ask('GET', at(name, nameOf(newPath()))), 404, 'unknown-channel')
    await expectProblem(ask('GET', at((await keptChannel()).name)), 410, 'kept-for-forks')
    await expectProblem(ask('GET', at(nameOf(newPath())), { headers: EVENTS }), 404, 'unknown-channel')
  })

  test('GET with cookies is not for a page of an origin that is not named', async () => {
    const headers = { Origin: 'https://evil.test', Cookie: 'a=b' }
    await expectProblem(ask('GET', '/channels?channel=ticker@-1', { headers }), 403, 'wrong-origin')
  })

  test('OPTIONS lets in the pages of the origins that a setting names', async () => {
    await expectPreflights('/channels')
  })

  test('all that the document says has happened', () => {
    expect(documentedOf('/channels').filter((thing) => !isSeen(thing))).toEqual([])
  })
})

describe('/channels of asyncapi.json', () => {
  const CHANNELS = '/channels'

  test('says hello, and of each channel what there is and what comes', async () => {
    const a = await newChannel(JSON_TYPE, '[1]')
    const b = await newChannel(TEXT_TYPE, 'abc')
    const c = await newChannel({ 'Content-Type': 'image/png' }, 'abc')
    const client = connect('channels', CHANNELS)
    await client.hears('hello')
    expect(client.frames[0]).toEqual({ hello: 'switchboard.v1' })
    client.say('subscribe', { id: 1, subscribe: a.name })
    expect(await client.hears('done')).toEqual({ id: 1, channel: a.name, next: a.start })
    expect(await client.hears('messages')).toMatchObject({ channel: a.name, messages: [1] })
    client.say('subscribe', { id: 2, subscribe: b.name, offset: b.start })
    expect(await client.hears('text')).toMatchObject({ channel: b.name, text: 'abc' })
    client.say('subscribe', { subscribe: c.name, offset: '-1' })
    expect(await client.hears('data')).toMatchObject({ channel: c.name, data: 'YWJj' })
    client.say('append', { id: 3, channel: a.name, append: { n: 2 } })
    const { next: end } = await client.hears('messages', 'messages')
    await until(() => client.frames.some(({ id }) => id === 3))
    expect(client.frames.find(({ id }) => id === 3)).toEqual({ id: 3, channel: a.name, next: end })
    client.say('unsubscribe', { id: 4, unsubscribe: a.name })
    await until(() => client.frames.some(({ id }) => id === 4))
    expect(client.frames.find(({ id }) => id === 4)).toEqual({ id: 4, channel: a.name, next: end })
    client.say('ping', { ping: true })
    expect(await client.hears('pong')).toEqual({ pong: true })
    expect(await client.hears('heartbeat')).toEqual({ heartbeat: true })
    client.leave()
  })

  test('tells of each channel a gap, its end and that it is gone, and goes on', async () => {
    const gap = await forgetfulChannel()
    const end = await newChannel({ ...JSON_TYPE, ...CLOSE })
    const gone = await newChannel()
    const client = connect('channels', CHANNELS)
    await client.hears('hello')
    client.say('subscribe', { id: 1, subscribe: gap.name, offset: gap.start })
    expect(await client.hears('reset')).toMatchObject({ channel: gap.name, reset: { reason: 'trimmed' } })
    client.say('subscribe', { id: 2, subscribe: end.name })
    expect(await client.hears('closed')).toEqual({ channel: end.name, next: end.start, closed: true })
    client.say('subscribe', { id: 3, subscribe: gone.name, offset: 'now' })
    await until(() => client.frames.some(({ id }) => id === 3))
    await ask('DELETE', gone.path)
    expect(await client.hears('ended')).toMatchObject({ channel: gone.name })
    expect(client.closed).toBeUndefined()
    client.leave()
  })

  test('refuses a command that is wrong, and goes on', async () => {
    const { name } = await newChannel()
    const text = await newChannel(TEXT_TYPE)
    const end = await newChannel({ ...JSON_TYPE, ...CLOSE })
    const kept = await keptChannel()
    const client = connect('channels', CHANNELS)
    await client.hears('hello')
    client.say('subscribe', { id: 'first', subscribe: name })
    await client.hears('done')
    let id = 0
    for (const [command, ending] of [
      [{ publish: 1 }, 'bad-command'],
      [{ subscribe: 1 }, 'bad-command'],
      [{ append: 1 }, 'bad-command'],
      [{ subscribe: name }, 'bad-command'],
      [{ unsubscribe: text.name }, 'bad-command'],
      [{ subscribe: 'a b' }, 'bad-name'],
      [{ subscribe: name, offset: 'nonsense' }, 'bad-offset'],
      [{ channel: text.name, append: 1 }, 'bad-message'],
      [{ channel: name, append: [] }, 'empty-body'],
      [{ subscribe: nameOf(newPath()) }, 'unknown-channel'],
      [{ channel: nameOf(newPath()), append: 1 }, 'unknown-channel'],
      [{ subscribe: kept.name }, 'kept-for-forks'],
      [{ channel: end.name, append: 1 }, 'channel-closed'],
    ]) {
      client.socket.send(JSON.stringify({ id: ++id, ...command }))
      await until(() => client.frames.some((frame) => frame.id === id))
      const refused = client.frames.find((frame) => frame.id === id)
      expect(refused.error?.type, JSON.stringify(command)).toBe(PROBLEM + ending)
      const before = client.frames.length
      client.socket.send(JSON.stringify(command))
      await until(() => client.kinds.includes('error', before))
      expect(client.frames[client.kinds.indexOf('error', before)].error.type).toBe(PROBLEM + ending)
    }
    client.leave()
  })

  test('refuses more channels than one connection may listen to, and goes on', async () => {
    const client = connect('channels', CHANNELS)
    await client.hears('hello')
    for (let n = 0; n < 128; n++) {
      client.socket.send(JSON.stringify({ subscribe: `auto-api-${n}` }))
    }
    const more = { subscribe: 'auto-api-128' }
    client.socket.send(JSON.stringify({ id: 1, ...more }))
    await until(() => client.frames.some(({ id }) => id === 1))
    const type = `${PROBLEM}too-many-subscriptions`
    expect(client.frames.find(({ id }) => id === 1).error.type).toBe(type)
    client.socket.send(JSON.stringify(more))
    await until(() => client.frames.some(({ id, error }) => id === undefined && error?.type === type))
    client.leave()
  })

  test('closes where it is sent what it cannot take, or hears nothing', async () => {
    await expectCloses('channels', CHANNELS)
  })

  test('all that the document says has been said', () => {
    expect(spokenOf('channels').filter((thing) => !isSeen(thing))).toEqual([])
  })
})
