import { randomUUID } from 'node:crypto'
import asyncapiSpecs from '@asyncapi/specs'
import { Validator } from '@seriousme/openapi-schema-validator'
import Ajv from 'ajv'
import addFormats from 'ajv-formats'
import { describe, expect, test } from 'vitest'
import {
  ask, asyncapi, cleanups, CLOSE, documentedOf, documents, endingOf, endings, EVENTS, eventsOf, expectAnswered,
  expectProblem, forgetfulChannel, handshake, isSeen, JSON_TYPE, keptChannel, METHODS, MIB, nameOf, newChannel,
  newPath, next, openapi, parametersOf, pathOf, place, post, PROBLEM, root, send, templateOf, TEXT_TYPE, until,
  urlPathOf, wrong,
} from './documents.mjs'

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

  test('have the problems of docs/reference/endings.md, with its status and close codes', () => {
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
    await expectProblem(ask('GET', '/channels', { headers: EVENTS }), 400, 'bad-parameter')
    await expectProblem(ask('GET', '/channels?after=nonsense'), 400, 'bad-parameter')
    await expectProblem(ask('GET', '/channels?limit=0'), 400, 'bad-parameter')
    await expectProblem(ask('GET', at(...many)), 400, 'too-many-subscriptions')
    await expectProblem(ask('GET', at(name, `${name}@now`)), 400, 'bad-parameter')
    await expectProblem(ask('GET', at('a%20b')), 400, 'bad-name')
    await expectProblem(ask('GET', `${at(name)}&offset=${start}.${start}`), 400, 'bad-offset')
    await expectProblem(ask('GET', at(`${name}@nonsense`)), 400, 'bad-offset')
    await expectProblem(ask('GET', at(name, nameOf(newPath()))), 404, 'unknown-channel')
    await expectProblem(ask('GET', at((await keptChannel()).name)), 410, 'kept-for-forks')
    await expectProblem(ask('GET', at(nameOf(newPath())), { headers: EVENTS }), 404, 'unknown-channel')
  })

  test('GET lists the channels, some at a time', async () => {
    const { name } = await newChannel(TEXT_TYPE, 'abc')
    const found = []
    let after
    do {
      const page = JSON.parse((await ask('GET', after ? `/channels?limit=100&after=${after}` : '/channels?limit=1')).text)
      found.push(...page.channels)
      after = page.next
    } while (after)
    expect(found).toContainEqual({ name, contentType: 'text/plain' })
    expect(JSON.parse((await ask('GET', '/channels')).text).channels).not.toEqual([])
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
