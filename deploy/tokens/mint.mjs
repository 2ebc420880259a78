// Makes a token for a Switchboard: node mint.mjs KEY.pem ISSUER AUDIENCE SUBJECT CHANNELS ACTIONS [SECONDS]
import { randomUUID, sign } from 'node:crypto'
import { readFileSync } from 'node:fs'

const [key, iss, aud, sub, channels, actions, seconds = '3600'] = process.argv.slice(2)
if (!actions) {
  console.error('usage: node mint.mjs KEY.pem ISSUER AUDIENCE SUBJECT CHANNELS ACTIONS [SECONDS]')
  process.exit(1)
}
const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url')
const iat = Math.floor(Date.now() / 1000)
const grant = { type: 'switchboard', channels: channels.split(','), actions: actions.split(',') }
const claims = { iss, aud, sub, jti: randomUUID(), iat, exp: iat + Number(seconds), authorization_details: [grant] }
const signed = `${part({ alg: 'RS256', typ: 'at+jwt' })}.${part(claims)}`
console.log(`${signed}.${sign('sha256', Buffer.from(signed), readFileSync(key)).toString('base64url')}`)
