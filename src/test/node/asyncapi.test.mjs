import { describe, expect, test } from 'vitest'
import {
  ask, asyncapi, CLOSE, connect, forgetfulChannel, isSeen, JSON_TYPE, keptChannel, MIB, nameOf, newChannel, newPath,
  post, PROBLEM, spokenOf, TEXT_TYPE, until,
} from './documents.mjs'

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
