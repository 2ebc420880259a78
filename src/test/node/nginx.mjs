// The real nginx, as somebody sets it up who does not think of push.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { cleanups, server, until } from './channels.mjs'

async function freePort() {
  const listener = net.createServer()
  await new Promise((listening) => listener.listen(0, '127.0.0.1', listening))
  const { port } = listener.address()
  await new Promise((closed) => listener.close(closed))
  return port
}

const accepts = (port) =>
  new Promise((told) => {
    const socket = net.connect(port, '127.0.0.1')
    socket.on('connect', () => told(true)).on('error', () => told(false))
    socket.on('connect', () => socket.destroy())
  })

/** What passes upgrades on; nginx does not by itself. */
export const UPGRADES =
  'proxy_http_version 1.1; proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";'

/** An nginx whose location has these directives beside `proxy_pass`; answers its `through(url)`. */
export async function nginx(directives) {
  const folder = mkdtempSync(join(tmpdir(), 'switchboard-nginx-'))
  const port = await freePort()
  const folders = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const configuration = join(folder, 'nginx.conf')
  writeFileSync(
    configuration,
    `daemon off; pid ${folder}/pid; error_log stderr; events {}
    http {
      access_log off;
      ${folders.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
      server {
        listen 127.0.0.1:${port};
        location / { proxy_pass ${server.origin}; proxy_set_header Host $http_host; ${directives} }
      }
    }`,
  )
  const said = []
  const program = spawn('nginx', ['-e', 'stderr', '-c', configuration])
  program.stderr.on('data', (text) => said.push(text))
  const ended = new Promise((exit) => program.on('exit', exit))
  cleanups.push(async () => {
    program.kill()
    await ended
    rmSync(folder, { recursive: true, force: true })
  })
  await until(async () => {
    if (program.exitCode !== null) {
      throw new Error(said.join(''))
    }
    return accepts(port)
  })
  return (url) => url.replace(server.host, `127.0.0.1:${port}`)
}
