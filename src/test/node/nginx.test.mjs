// switchboard.js behind a real nginx that nobody set up for push: it finds a way by itself.
import { describe, expect, test } from 'vitest'
import WebSocket from 'ws'
import { setTimeout as pause } from 'node:timers/promises'
import { open } from '../../main/webapp/js/switchboard.js'
import { cleanups, expectAll, message, newChannel, oneTo, post, until } from './channels.mjs'
import { nginx, UPGRADES } from './nginx.mjs'

const BUFFERS = 'proxy_ignore_headers X-Accel-Buffering;'

function listen(url) {
  const times = { pollInterval: 20, connectTimeout: 3_000, upgradeInterval: 60_000, backoff: [20, 200] }
  const subscription = open(url, { ...times, WebSocket })
  cleanups.push(() => subscription.close())
  const heard = { subscription, messages: [], resets: [] }
  subscription.addEventListener('message', ({ data }) => heard.messages.push(data))
  subscription.addEventListener('reset', ({ detail }) => heard.resets.push(detail))
  return heard
}

/** All arrives, over the transport that is left, each message before the next is said. */
async function expectEachAtOnceOver(name, url, heard) {
  await until(() => heard.subscription.transport === name && heard.subscription.status === 'live')
  for (const n of oneTo(20)) {
    await post(url, [message(n)])
    await until(() => heard.messages.length >= n)
  }
  expect(heard.subscription.transport).toBe(name)
  expect(heard.resets).toEqual([])
  expectAll(heard.messages, 20)
}

describe.concurrent('behind nginx', () => {
  test('the best transport is the WebSocket where upgrades are passed on', async () => {
    const { url } = await newChannel()
    const through = await nginx(UPGRADES)
    await expectEachAtOnceOver('webSocket', url, listen(through(url)))
  })

  test('it is the event stream where nothing but proxy_pass is said, though that buffers', async () => {
    const { url } = await newChannel()
    const through = await nginx('')
    await expectEachAtOnceOver('eventStream', url, listen(through(url)))
  })

  test('it is the long poll where event streams are held back as well', async () => {
    const { url } = await newChannel()
    const through = await nginx(BUFFERS)
    await expectEachAtOnceOver('longPoll', url, listen(through(url)))
  })

  test('it is the poll where moreover no answer may take long', async () => {
    const { url } = await newChannel()
    const through = await nginx(`${BUFFERS} proxy_read_timeout 200ms;`)
    await expectEachAtOnceOver('poll', url, listen(through(url)))
  })

  // The server under test says something after a second at the latest instead of fifteen: this is to
  // that what five seconds are to the default.
  test('nothing is lost or repeated where connections that are idle are killed', async () => {
    const { url } = await newChannel()
    const through = await nginx(`${UPGRADES} proxy_read_timeout 333ms; proxy_send_timeout 333ms;`)
    const heard = listen(through(url))
    await until(() => heard.subscription.status === 'live')
    for (const round of [0, 1, 2, 3]) {
      await pause(1_500)
      await post(url, oneTo(5).map((n) => message(5 * round + n)))
      await until(() => heard.messages.length >= 5 * (round + 1))
    }
    expect(heard.resets).toEqual([])
    expectAll(heard.messages, 20)
  })
})
