// The servers that are measured: how each is started, and where its subscribers and publishers go.
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { basename, dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const bench = dirname(fileURLToPath(import.meta.url))
const root = dirname(bench)
export const work = join(root, 'target', 'bench')
const java = join(process.env.JAVA_HOME ?? '/usr', 'bin', 'java')
const heap = ['-Xms256m', '-Xmx1g']
const channels = '/switchboard/channels/b{ch}'
const switchboard = {
  dialect: 'switchboard', publish: channels, isJvm: true,
  paths: { ws: channels, sse: channels, longpoll: channels, poll: channels, resume: channels },
  resumes: ['ws', 'sse', 'longpoll', 'poll'],
}
const settings = ['-Dswitchboard.access.open=*', '-Dswitchboard.channels.auto-create=b*', '-Dswitchboard.ticker.channel=']

/** Where the Redis of those with one is; who starts them starts it. */
export const redisPort = 21080

// The one with Redis has the same name: a server makes the path from it.
const war = { switchboard: join(root, 'target/switchboard.war'), redis: join(work, 'redis/switchboard.war'), bare: join(work, 'bare/bare.war') }

const more = { redis: [`-Dswitchboard.store.url=redis://127.0.0.1:${redisPort}`] }

function copyWar(app) {
  if (app === 'redis') cpSync(join(root, 'target/switchboard-redis.war'), war.redis)
}

/** A WebSocket endpoint that does nothing: what the server itself keeps for each. */
const bare = { dialect: 'nchan', publish: '/', isJvm: true, paths: { ws: '/bare/bare/b{ch}' }, scenario: 'idle' }

const payara = app => port => {
  copyWar(app)
  const config = join(work, 'payara.properties')
  writeFileSync(config, 'handlers=java.util.logging.ConsoleHandler\n.level=WARNING\nPayaraMicro.level=INFO\n')
  return [java, ...heap, ...settings, ...more[app] ?? [], '-jar', join(work, 'payara-micro.jar'), '--nohazelcast', '--disablephonehome',
    '--rootdir', join(work, `payara-${app}`), '--logproperties', config, '--prebootcommandfile', join(root, 'src/run/preboot.txt'),
    '--port', port, '--deploy', war[app]]
}

const wildfly = app => port => {
  const home = readdirSync(work).find(name => /^wildfly-\d/.test(name))
  const base = join(work, `base-${app}`)
  copyWar(app)
  rmSync(base, { recursive: true, force: true })
  cpSync(join(work, home, 'standalone', 'configuration'), join(base, 'configuration'), { recursive: true })
  mkdirSync(join(base, 'deployments'))
  cpSync(war[app], join(base, 'deployments', basename(war[app])))
  return ['env', `JAVA_OPTS=${[...heap, ...settings, ...more[app] ?? [], '-Djava.net.preferIPv4Stack=true'].join(' ')}`,
    join(work, home, 'bin', 'standalone.sh'), `-Djboss.server.base.dir=${base}`, '-b', '127.0.0.1', '-bmanagement', '127.0.0.1',
    `-Djboss.http.port=${port}`, `-Djboss.https.port=${port + 1}`, `-Djboss.management.http.port=${port + 2}`]
}

function nginx(port) {
  const dir = join(work, 'nginx')
  mkdirSync(dir, { recursive: true })
  const modules = /--modules-path=(\S+)/.exec(spawnSync('nginx', ['-V'], { encoding: 'utf8' }).stderr)[1]
  const values = { dir, port, modules }
  const config = readFileSync(join(bench, 'peers/nginx.conf'), 'utf8').replace(/{{(\w+)}}/g, (_, key) => values[key])
  writeFileSync(join(dir, 'nginx.conf'), config)
  return ['nginx', '-p', dir, '-c', join(dir, 'nginx.conf')]
}

export const servers = {
  'switchboard on Payara': { ...switchboard, port: 21010, command: payara('switchboard'), ready: 'ready in', patience: 240 },
  'switchboard on WildFly': { ...switchboard, port: 21020, command: wildfly('switchboard'), ready: 'WFLYSRV0025', patience: 240 },
  'switchboard on Payara with Redis': { ...switchboard, scenario: 'truth', port: 21090, command: payara('redis'), ready: 'ready in', patience: 240 },
  'switchboard on WildFly with Redis': { ...switchboard, scenario: 'truth', port: 21100, command: wildfly('redis'), ready: 'WFLYSRV0025', patience: 240 },
  'bare endpoint on Payara': { ...bare, port: 21060, command: payara('bare'), ready: 'ready in', patience: 240 },
  'bare endpoint on WildFly': { ...bare, port: 21070, command: wildfly('bare'), ready: 'WFLYSRV0025', patience: 240 },
  nchan: {
    dialect: 'nchan', port: 21030, command: nginx, publish: '/pub/b{ch}',
    paths: { ws: '/ws/b{ch}', sse: '/sse/b{ch}', longpoll: '/lp/b{ch}', resume: '/raw/b{ch}' },
    resumes: ['sse', 'longpoll'],
  },
  'Socket.IO': {
    dialect: 'socketio', port: 21040, publish: '/pub/{ch}', paths: { ws: '/socket.io/?EIO=4&transport=websocket&ch={ch}' },
    command: port => [process.execPath, join(bench, 'peers/socketio/server.mjs'), port], ready: 'ready',
  },
  CometD: {
    dialect: 'cometd', port: 21050, publish: '/pub/{ch}', paths: { longpoll: '/cometd', ws: '/ws/cometd' }, isJvm: true,
    command: port => [java, ...heap, '-cp', `${join(work, 'cometd/classes')}:${join(work, 'cometd/dependency')}/*`, 'CometdServer', port],
    ready: 'ready',
  },
}

const pause = millis => new Promise(resolve => setTimeout(resolve, millis))

function isOpen(port) {
  return new Promise(resolve => {
    const socket = connect(port, '127.0.0.1')
    socket.on('connect', () => { socket.destroy(); resolve(true) }).on('error', () => resolve(false))
  })
}

/** A process and all it has started, as far as they still run. */
export function processes(pid) {
  const found = [pid]
  for (const parent of found) {
    const children = `/proc/${parent}/task/${parent}/children`
    if (existsSync(children)) found.push(...readFileSync(children, 'utf8').split(' ').filter(Boolean).map(Number))
  }
  return found.filter(pid => existsSync(`/proc/${pid}`))
}

/** Starts a server and waits until it can be used. */
export async function start(name) {
  const server = servers[name]
  const log = join(work, `${name.replaceAll(' ', '-')}.log`)
  writeFileSync(log, '')
  const [program, ...options] = server.command(server.port).map(String)
  const child = spawn(program, options, { stdio: ['ignore', openSync(log, 'a'), openSync(log, 'a')] })
  const until = Date.now() + (server.patience ?? 20) * 1000
  while (!(await isOpen(server.port)) || (server.ready && !readFileSync(log, 'utf8').includes(server.ready))) {
    if (child.exitCode !== null || Date.now() > until) throw new Error(`${name} did not start; see ${log}`)
    await pause(200)
  }
  await pause(500)
  const pids = processes(child.pid)
  const jvm = pids.find(pid => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === 'java')
  return {
    name, ...server, pids, jvm,
    kill: async () => {
      for (const pid of [...pids].reverse()) try { process.kill(pid, 'SIGKILL') } catch { /* has ended already */ }
      while (await isOpen(server.port)) await pause(100)
    },
    stop: async () => {
      for (const pid of pids.reverse()) try { process.kill(pid) } catch { /* has ended already */ }
      while (await isOpen(server.port)) await pause(100)
    },
  }
}

/**
 * What a server holds after a full collection: the Java heap in use, our own objects in it, and resident bytes with of
 * the heap only what is in use. The rest of the heap is pages that garbage was in, and says nothing of connections.
 */
export function memory(server) {
  const jcmd = command => execFileSync(java.replace(/java$/, 'jcmd'), [server.jvm, command], { encoding: 'utf8', maxBuffer: 1 << 26 })
  let heapBytes = 0
  let ownBytes = 0
  let heap = []
  if (server.jvm) {
    jcmd('GC.run')
    jcmd('GC.run')
    for (const line of jcmd('GC.class_histogram').split('\n')) {
      const [, , bytes, type] = line.trim().split(/\s+/)
      if (type && Number(bytes)) heapBytes += Number(bytes)
      if (type?.startsWith('switchboard.')) ownBytes += Number(bytes)
    }
    heap = /\[0x([0-9a-f]+), 0x([0-9a-f]+)\)/.exec(jcmd('GC.heap_info')).slice(1).map(hex => parseInt(hex, 16))
  }
  let bytes = heapBytes
  for (const pid of server.pids) {
    let isHeap
    for (const line of readFileSync(`/proc/${pid}/smaps`, 'utf8').split('\n')) {
      const start = parseInt(/^([0-9a-f]+)-[0-9a-f]+ /.exec(line)?.[1], 16)
      if (start) isHeap = pid === server.jvm && start >= heap[0] && start < heap[1]
      if (!isHeap) bytes += Number(/^Pss:\s+(\d+)/.exec(line)?.[1] ?? 0) * 1024
    }
  }
  return { bytes, heapBytes, ownBytes }
}
