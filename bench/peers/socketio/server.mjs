// Socket.IO with its defaults, and where it is asked for with connection state recovery: a room for each channel, and POST /pub/N emits into room N.
import { createServer } from 'node:http'
import { Server } from 'socket.io'

const http = createServer((request, response) => {
  let body = ''
  request.on('data', part => (body += part))
  request.on('end', () => {
    io.to(request.url.split('/').pop()).emit('m', JSON.parse(body))
    response.end()
  })
})
const io = new Server(http, process.env.BENCH_RECOVERY ? { connectionStateRecovery: {} } : {})
io.on('connection', socket => socket.join(socket.handshake.query.ch ?? '0'))
http.listen(Number(process.argv[2]), '127.0.0.1', () => console.log('ready'))
