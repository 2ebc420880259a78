// A TCP proxy for one client, whose line is cut about every two seconds, in the ways that networks have.
import { connect, createServer } from 'node:net'

/** Random numbers that are the same for the same seed (mulberry32). */
export function randomOf(seed) {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32
  }
}

const kinds = [[0.35, 'reset'], [0.25, 'end'], [0.2, 'midst'], [0.2, 'silence']]

export class Line {
  cuts = 0
  connections = 0
  #random
  #pairs = new Set()
  #server
  #timer
  #isSilent = false
  #breaksNext = false

  constructor(port, seed) {
    this.#random = randomOf(seed)
    this.#server = createServer(client => this.#open(client, port))
  }

  async open() {
    await new Promise(resolve => this.#server.listen(0, '127.0.0.1', resolve))
    this.port = this.#server.address().port
    return this
  }

  #open(client, port) {
    this.connections++
    const server = connect(port, '127.0.0.1')
    const pair = { client, server }
    this.#pairs.add(pair)
    for (const [from, to] of [[client, server], [server, client]]) {
      from.setNoDelay(true)
      from.on('data', chunk => {
        if (from === server && this.#breaksNext) {
          this.#breaksNext = false
          to.write(chunk.subarray(0, chunk.length >> 1), () => this.#resetAll())
        } else if (!to.destroyed && !to.write(chunk)) {
          from.pause()
          to.once('drain', () => this.#isSilent || from.resume())
        }
      })
      from.on('end', () => to.end())
      from.on('error', () => to.destroyed || to.resetAndDestroy())
      from.on('close', () => {
        this.#pairs.delete(pair)
        if (!to.destroyed) to.destroySoon()
      })
    }
    if (this.#isSilent) this.#pause(pair)
  }

  #pause({ client, server }) {
    client.pause()
    server.pause()
  }

  #resetAll() {
    for (const { client, server } of this.#pairs) {
      for (const socket of [client, server]) if (!socket.destroyed) socket.resetAndDestroy()
    }
  }

  /** Cuts from now on. */
  start() {
    this.#timer = setTimeout(() => {
      this.cuts++
      this.#cut()
      this.start()
    }, 1000 + 2000 * this.#random())
  }

  #cut() {
    let chance = this.#random()
    const kind = kinds.find(([share]) => (chance -= share) < 0)?.[1] ?? 'reset'
    if (kind === 'reset') {
      this.#resetAll()
    } else if (kind === 'end') {
      for (const { client, server } of this.#pairs) {
        client.end()
        server.end()
      }
    } else if (kind === 'midst') {
      this.#breaksNext = true
    } else {
      this.#isSilent = true
      this.#pairs.forEach(pair => this.#pause(pair))
      setTimeout(() => {
        this.#isSilent = false
        this.#resetAll()
      }, 500 + 2500 * this.#random())
    }
  }

  /** It is whole from now on. */
  stop() {
    clearTimeout(this.#timer)
    this.#breaksNext = false
  }

  close() {
    this.stop()
    this.#server.close()
    this.#resetAll()
  }
}
