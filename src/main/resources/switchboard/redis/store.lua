-- All operations on a channel in Redis; each call is atomic.
--
--   {name}:m  hash    what the channel is and where its log ends
--                     id  its first epoch            e   epoch now        s   number behind the newest message
--                     b   bytes of its messages      r   master_replid    lv  epochs: "epoch:start,…"
--                     pv  epochs before the history may have changed: "epoch:end,…", the end being where
--                         their readers read on
--                     c   "1" when closed            cb  producer that closed it       sq  last Stream-Seq
--                     ct  content type               ttl, at, lt  lifetime             u   last used
--                     fk  what it is a fork of       nf  how many forks it has
--                     dl  "k" deleted but kept for its forks, "d" deleted not long ago; then only e is kept, and
--                         in a Redis Cluster id and fk until its source knows
--   {name}:l  list    its messages, oldest first: "millis:bytes"
--   {name}:p  hash    its producers: id -> "epoch:seq:millis"
--   {name}:i:key      the outcome of an append, so that sending it again has no effect
--   {name}            the Pub/Sub channel
--   epoch             the last epoch used; not in a Redis Cluster, where each master knows only its own channels
--
-- KEYS: the first; in a Redis Cluster all that it may use, so that a master that is handing the slot over
-- answers TRYAGAIN instead of using half of a channel.
--
-- ARGV: operation, prefix, channel name, then the arguments of the operation. Answers: a status, and the channel.

-- Before Redis 7: replicate the writes and not the script, since it reads the clock.
if redis.replicate_commands then redis.replicate_commands() end

local operation, prefix, name = ARGV[1], ARGV[2], ARGV[3]
local at = 4
local function arg() at = at + 1; return ARGV[at - 1] end
local function num() return tonumber(arg()) end
local function text(number) return string.format('%.0f', number) end
local sharded = #KEYS > 1
local PUBLISH = sharded and 'SPUBLISH' or 'PUBLISH'
local function key(channel, suffix) return prefix .. '{' .. channel .. '}' .. suffix end

local info = redis.call('INFO', 'replication')
if string.find(info, 'role:slave', 1, true) then
  return redis.error_reply('READONLY this server is a replica')
end
-- Changes with every restart and every failover: the history may have changed.
local replid = string.sub(string.match(info, 'master_replid:(%x+)') or '-', 1, 12)
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)

local FIELDS = {'id', 'e', 's', 'b', 'r', 'lv', 'pv', 'c', 'cb', 'sq', 'ct', 'ttl', 'at', 'lt', 'u', 'fk', 'nf', 'dl'}

local function load(channel)
  local values = redis.call('HMGET', key(channel, ':m'), unpack(FIELDS))
  local meta = {}
  for i, field in ipairs(FIELDS) do meta[field] = values[i] or nil end
  if not meta.id and not meta.dl then return nil end
  return meta
end

local function save(channel, meta, ...)
  local pairs = {}
  for _, field in ipairs({...}) do
    pairs[#pairs + 1] = field
    pairs[#pairs + 1] = meta[field]
  end
  redis.call('HSET', key(channel, ':m'), unpack(pairs))
end

local function next_epoch(after)
  if sharded then return math.max(now, after + 1) end
  local last = tonumber(redis.call('GET', prefix .. 'epoch') or '0')
  local epoch = math.max(now, last + 1, after + 1)
  redis.call('SET', prefix .. 'epoch', text(epoch))
  return epoch
end

-- Kept for a while, so that a node can tell a deleted channel from one that Redis lost.
local function bury(meta)
  local isTold = not sharded or redis.call('HGET', meta, 'fk') == ''
  -- The key must never be missing: while its slot is handed over, it could not be created again.
  redis.call('HSET', meta, 'dl', 'd')
  for _, field in ipairs(FIELDS) do
    local stays = field == 'e' or field == 'dl' or (not isTold and (field == 'id' or field == 'fk'))
    if not stays then redis.call('HDEL', meta, field) end
  end
  redis.call('PEXPIRE', meta, 600000)
end

-- When the last fork is gone, the name of a deleted source is free again, and so on up the chain.
local function release(fork)
  while not sharded and fork and fork ~= '' do
    local source = key(string.match(fork, '^[^|]*'), ':m')
    local values = redis.call('HMGET', source, 'nf', 'dl', 'fk')
    if not values[1] then return end
    local left = tonumber(values[1]) - 1
    if left > 0 then
      redis.call('HSET', source, 'nf', left)
      return
    end
    if values[2] ~= 'k' then
      redis.call('HDEL', source, 'nf')
      return
    end
    bury(source)
    fork = values[3]
  end
end

local function remove(channel, meta)
  redis.call('DEL', key(channel, ':l'), key(channel, ':p'))
  if meta.nf and tonumber(meta.nf) > 0 then
    redis.call('HSET', key(channel, ':m'), 'dl', 'k')
    redis.call('PERSIST', key(channel, ':m'))
  else
    bury(key(channel, ':m'))
    release(meta.fk)
  end
  redis.call(PUBLISH, key(channel, ''), 'D:' .. meta.id)
end

local function over(meta)
  return (meta.ttl and now - tonumber(meta.u) >= tonumber(meta.ttl)) or (meta.at and now >= tonumber(meta.at))
end

local MOST_BEFORE = 16

-- Part of the log may be lost: it continues under a new epoch, and readers with an offset of an older one
-- get a gap and the offset to read on from.
local function chain(meta)
  local before = {}
  for life in string.gmatch(meta.pv or '', '[^,]+') do before[#before + 1] = life end
  for epoch in string.gmatch(meta.lv, '(%d+):') do before[#before + 1] = epoch .. ':' .. meta.s end
  while #before > MOST_BEFORE do table.remove(before, 1) end
  meta.pv = table.concat(before, ',')
  meta.e = text(next_epoch(tonumber(meta.e)))
  meta.lv = meta.e .. ':0'
end

-- Whether everything that an epoch had up to a number is, or was, in the log.
local function has(meta, epoch, number)
  if epoch == meta.e then return true end
  local last = string.match(',' .. (meta.pv or ''), ',' .. epoch .. ':(%d+)')
  return last and number <= tonumber(last)
end

-- The current state of the channel, or nil and why not; in a Redis Cluster also the source that does not
-- know yet that this fork of it is gone, and the id of the fork.
local function find(channel)
  local meta = load(channel)
  if not meta then return nil, 'none' end
  if meta.dl == 'k' then return nil, 'kept' end
  if meta.dl then return nil, 'deleted', meta.fk, meta.id end
  if over(meta) then
    remove(channel, meta)
    if meta.nf and tonumber(meta.nf) > 0 then return nil, 'kept' end
    return nil, 'deleted', meta.fk ~= '' and meta.fk or nil, meta.id
  end
  if meta.r ~= replid then
    if meta.r ~= '-' and replid ~= '-' then
      chain(meta)
      meta.r = replid
      save(channel, meta, 'e', 'lv', 'pv', 'r')
    else
      meta.r = replid
      save(channel, meta, 'r')
    end
  end
  return meta
end

-- Redis itself removes an expired channel an hour later, even if there is no request for it.
local function bound(channel, meta)
  local last = meta.at and tonumber(meta.at) or (meta.ttl and now + tonumber(meta.ttl))
  if last then
    for _, suffix in ipairs({':m', ':l', ':p'}) do
      redis.call('PEXPIREAT', key(channel, suffix), text(last + 3600000))
    end
  end
end

local function body(entry) return string.find(entry, ':', 1, true) end

local function forget_old(channel, meta, maxAge, atLeast)
  local log = key(channel, ':l')
  local length = redis.call('LLEN', log)
  while maxAge > 0 and length > atLeast do
    local oldest = redis.call('LINDEX', log, 0)
    local colon = body(oldest)
    if now - tonumber(string.sub(oldest, 1, colon - 1)) <= maxAge then break end
    redis.call('LPOP', log)
    meta.b = text(tonumber(meta.b) - (#oldest - colon))
    length = length - 1
  end
  return length
end

-- Never the newest append: its publisher is told that it was accepted.
local function trim(channel, meta, maxMessages, maxBytes, maxAge, atLeast)
  local log = key(channel, ':l')
  local length = redis.call('LLEN', log)
  local bytes = tonumber(meta.b)
  while length > atLeast and (length > maxMessages or bytes > maxBytes) do
    local oldest = redis.call('LPOP', log)
    bytes = bytes - (#oldest - body(oldest))
    length = length - 1
  end
  meta.b = text(bytes)
  return forget_old(channel, meta, maxAge, atLeast)
end

local function add(channel, meta, messages)
  local log = key(channel, ':l')
  if redis.call('LLEN', log) == 0 then meta.b = '0' end
  local bytes, stamp = tonumber(meta.b), text(now) .. ':'
  for first = 1, #messages, 500 do
    local entries = {}
    for i = first, math.min(first + 499, #messages) do
      entries[#entries + 1] = stamp .. messages[i]
      bytes = bytes + #messages[i]
    end
    redis.call('RPUSH', log, unpack(entries))
  end
  meta.b = text(bytes)
  meta.s = text(tonumber(meta.s) + #messages)
end

local function tell(channel, meta, start, messages)
  local sizes = {}
  for i, message in ipairs(messages) do sizes[i] = #message end
  redis.call(PUBLISH, key(channel, ''), table.concat({
    'M', meta.e, start, meta.c or '0', text(now), table.concat(sizes, ',')}, ':') .. ';' .. table.concat(messages))
end

local function answer(status, meta, length)
  return {status, meta.id, meta.e, meta.s, text(tonumber(meta.s) - length), meta.c or '0', meta.ct, meta.ttl or '',
    meta.at or '', meta.lt or '', meta.fk or '', meta.lv, meta.pv or '', text(now)}
end

local function rest() local messages = {}; for i = at, #ARGV do messages[#messages + 1] = ARGV[i] end; return messages end

-- The channel, and its messages from a number on; its newest for a caller with another epoch.
if operation == 'look' then
  local epoch, from, maxMessages, maxBytes, maxAge, touch = arg(), num(), num(), num(), num(), arg()
  local meta, why, fork, forkId = find(name)
  if not meta then return {why, fork, forkId} end
  if touch == '1' and meta.ttl then
    meta.u = text(now)
    save(name, meta, 'u')
    bound(name, meta)
  end
  local before = meta.b
  local length = forget_old(name, meta, maxAge, 0)
  if meta.b ~= before then save(name, meta, 'b') end
  local known = answer('there', meta, length)
  local head = tonumber(meta.s)
  local first = head - length
  if epoch ~= meta.e or from < 0 then from = head - maxMessages end
  from = math.max(from, first)
  known[#known + 1] = text(from)
  local size, taken = 0, 0
  while from < head and taken < maxMessages do
    local chunk = redis.call('LRANGE', key(name, ':l'), from - first, math.min(from - first + 99, length - 1))
    if #chunk == 0 then break end
    for _, entry in ipairs(chunk) do
      size = size + #entry
      if taken >= maxMessages or (taken > 0 and size > maxBytes) then return known end
      known[#known + 1] = entry
      taken = taken + 1
      from = from + 1
    end
  end
  return known
end

-- Except for channel names and epochs, an append is as in PROTOCOL.md §5.2, its errors in that order.
local function compare(a, b)
  -- Not "<", which depends on the locale of the server.
  for i = 1, math.min(#a, #b) do
    local x, y = string.byte(a, i), string.byte(b, i)
    if x ~= y then return x - y end
  end
  return #a - #b
end

local function refusal(meta, messages, producer, sequence)
  local known
  if producer then
    local written = redis.call('HGET', key(name, ':p'), producer.id)
    if written then
      local epoch, seq = string.match(written, '^(%d+):(%d+):')
      known = {epoch = tonumber(epoch), seq = tonumber(seq)}
    end
  end
  if meta.c == '1' then
    if not producer then return {#messages == 0 and 'duplicate' or 'closed', '-1'} end
    if meta.cb == producer.token then return {'duplicate', text(producer.seq)} end
    if known and producer.epoch < known.epoch then return {'stale', text(known.epoch)} end
    return {'closed', '-1'}
  end
  if producer then
    if not known or producer.epoch > known.epoch then
      if producer.seq > 0 then
        if known then return {'not-zero', text(producer.seq)} end
        return {'gap', '0', text(producer.seq)}
      end
    elseif producer.epoch < known.epoch then
      return {'stale', text(known.epoch)}
    elseif producer.seq <= known.seq then
      return {'duplicate', text(known.seq)}
    elseif producer.seq > known.seq + 1 then
      return {'gap', text(known.seq + 1), text(producer.seq)}
    end
  end
  if sequence and meta.sq and compare(sequence, meta.sq) <= 0 then return {'regression', meta.sq} end
  if producer and not known and redis.call('HLEN', key(name, ':p')) >= producer.most then
    local silent = now - 604800000
    local all = redis.call('HGETALL', key(name, ':p'))
    for i = 1, #all, 2 do
      if tonumber(string.match(all[i + 1], '(%d+)$')) < silent then redis.call('HDEL', key(name, ':p'), all[i]) end
    end
    if redis.call('HLEN', key(name, ':p')) >= producer.most then return {'producers', text(producer.most)} end
  end
  return nil
end

if operation == 'append' then
  local id, once, keep = arg(), arg(), arg()
  local maxMessages, maxBytes, maxAge, maxProducers = num(), num(), num(), num()
  local producer = {id = arg(), epoch = num(), seq = num(), most = maxProducers}
  producer.token = text(producer.epoch) .. ':' .. text(producer.seq) .. ':' .. producer.id
  if producer.id == '' then producer = nil end
  local hasSequence, sequence, close = arg(), arg(), arg()
  if hasSequence ~= '1' then sequence = nil end
  local messages = rest()
  local meta, why, fork, forkId = find(name)
  if not meta then return {why, fork, forkId} end
  if meta.id ~= id then return {'deleted'} end
  local done = redis.call('GET', key(name, ':i:' .. once))
  if done then
    -- A repeated append that had arrived. It is void if the log has lost it since.
    local epoch, start = string.match(done, '^(%d+):(%d+)')
    if has(meta, epoch, tonumber(start) + #messages) then
      local known = answer('accepted', meta, redis.call('LLEN', key(name, ':l')))
      known[#known + 1] = start
      return known
    end
  end
  local no = refusal(meta, messages, producer, sequence)
  if no then
    local known = answer(no[1], meta, redis.call('LLEN', key(name, ':l')))
    for i = 2, #no do known[#known + 1] = no[i] end
    return known
  end
  local start = meta.s
  meta.u = text(now)
  -- First, and with a command that a full server refuses: after its first write a script is not refused.
  save(name, meta, 'u')
  if #messages > 0 then add(name, meta, messages) end
  if close == '1' then
    meta.c = '1'
    meta.cb = producer and producer.token or ''
    save(name, meta, 'c', 'cb')
  end
  if sequence then
    meta.sq = sequence
    save(name, meta, 'sq')
  end
  local length = trim(name, meta, maxMessages, maxBytes, maxAge, math.max(1, #messages))
  save(name, meta, 's', 'b')
  if producer then
    redis.call('HSET', key(name, ':p'), producer.id, text(producer.epoch) .. ':' .. text(producer.seq) .. ':' .. text(now))
  end
  redis.call('SET', key(name, ':i:' .. once), meta.e .. ':' .. start, 'PX', keep)
  bound(name, meta)
  if maxAge > 0 and not meta.at and not meta.ttl then redis.call('PEXPIRE', key(name, ':l'), maxAge) end
  tell(name, meta, start, messages)
  local known = answer('accepted', meta, length)
  known[#known + 1] = start
  return known
end

-- A source, and what a fork of it begins with; or why it cannot be forked.
local function branch(source, id, number, taken, maxForks)
  local origin = find(source)
  if not origin or origin.id ~= id then return nil, nil, {'no-source'} end
  if tonumber(origin.nf or '0') >= maxForks then return nil, nil, {'forks', origin.nf} end
  local log = key(source, ':l')
  local first = tonumber(origin.s) - redis.call('LLEN', log)
  if number < first or number > tonumber(origin.s) then return nil, nil, {'no-source'} end
  local inherited = number > first and redis.call('LRANGE', log, 0, number - first - 1) or {}
  if taken > 0 then
    local entry = redis.call('LINDEX', log, number - first)
    local available = entry and #entry - body(entry) or 0
    if available < taken then return nil, nil, {'short', text(available)} end
    inherited[#inherited + 1] = string.sub(entry, 1, body(entry) + taken)
  end
  return origin, inherited
end

-- In a Redis Cluster a fork is created in two steps, as its source may have another master: the source
-- counts it and answers what it begins with, then it is created with that. Each step may be repeated.
if operation == 'branch' then
  local once, keep, id, number, taken, maxForks = arg(), arg(), arg(), num(), num(), num()
  local isDone = redis.call('EXISTS', key(name, ':i:' .. once)) == 1
  local origin, inherited, no = branch(name, id, number, taken, isDone and math.huge or maxForks)
  if no then return no end
  if not isDone then
    redis.call('HINCRBY', key(name, ':m'), 'nf', 1)
    redis.call('SET', key(name, ':i:' .. once), '1', 'PX', keep)
  end
  table.insert(inherited, 1, 'branched')
  return inherited
end

-- One of its forks is gone.
if operation == 'release' then
  local once = arg()
  if redis.call('SET', key(name, ':i:' .. once), '1', 'NX', 'PX', 1200000) then
    local values = redis.call('HMGET', key(name, ':m'), 'nf', 'dl')
    local left = tonumber(values[1] or '0') - 1
    if left > 0 then
      redis.call('HSET', key(name, ':m'), 'nf', left)
    elseif values[2] == 'k' then
      bury(key(name, ':m'))
    else
      redis.call('HDEL', key(name, ':m'), 'nf')
    end
  end
  local meta, why, fork, forkId = find(name)
  return {meta and 'there' or why, fork, forkId}
end

-- Its source knows that it is gone.
if operation == 'released' then
  if redis.call('HGET', key(name, ':m'), 'dl') == 'd' and redis.call('HGET', key(name, ':m'), 'id') == arg() then
    redis.call('HDEL', key(name, ':m'), 'id', 'fk')
  end
  return {'there'}
end

if operation == 'create' then
  local type, ttl, expires, lifetime, fork = arg(), arg(), arg(), arg(), arg()
  local source, sourceId, number, taken, lives, maxForks = arg(), arg(), num(), num(), arg(), num()
  local close, maxMessages, maxBytes, maxAge = arg(), num(), num(), num()
  local once, handed = arg(), num()
  local messages = rest()
  local meta, why = find(name)
  if meta and sharded and redis.call('EXISTS', key(name, ':i:' .. once)) == 1 then
    return answer('created', meta, redis.call('LLEN', key(name, ':l')))
  end
  if meta then return answer('there', meta, redis.call('LLEN', key(name, ':l'))) end
  if why == 'kept' then return {'kept'} end
  local origin, inherited
  if fork ~= '' and sharded then
    local all = messages
    inherited, messages = {}, {}
    for i, message in ipairs(all) do
      if i <= handed then inherited[i] = message else messages[i - handed] = message end
    end
  elseif fork ~= '' then
    local no
    origin, inherited, no = branch(source, sourceId, number, taken, maxForks)
    if no then return no end
  end
  meta = {ct = type, lt = lifetime, fk = fork, r = replid, u = text(now), b = '0'}
  meta.ttl = ttl ~= '' and ttl or nil
  meta.at = expires ~= '' and expires or nil
  local before = tonumber(redis.call('HGET', key(name, ':m'), 'e') or '0')
  meta.e = text(next_epoch(math.max(before, tonumber(string.match(lives, '(%d+):%d+$') or '0'))))
  meta.id = meta.e
  meta.lv = meta.e .. ':0'
  meta.s = '0'
  -- First, since a full server refuses it; without a cluster next_epoch has written before.
  if sharded then redis.call('SET', key(name, ':i:' .. once), '1', 'PX', 60000) end
  redis.call('DEL', key(name, ':m'), key(name, ':l'), key(name, ':p'))
  if inherited then
    meta.lv = (lives == '' and '' or lives .. ',') .. meta.e .. ':' .. text(number)
    meta.s = text(number + (taken > 0 and 1 or 0))
    local bytes = 0
    for first = 1, #inherited, 500 do
      redis.call('RPUSH', key(name, ':l'), unpack(inherited, first, math.min(first + 499, #inherited)))
    end
    for _, entry in ipairs(inherited) do bytes = bytes + #entry - body(entry) end
    meta.b = text(bytes)
    if origin then redis.call('HINCRBY', key(source, ':m'), 'nf', 1) end
  end
  if #messages > 0 then
    add(name, meta, messages)
    trim(name, meta, maxMessages, maxBytes, maxAge, #messages)
  end
  if close == '1' then meta.c = '1'; meta.cb = '' end
  for field, value in pairs(meta) do
    redis.call('HSET', key(name, ':m'), field, value)
  end
  bound(name, meta)
  if maxAge > 0 and not meta.at and not meta.ttl then redis.call('PEXPIRE', key(name, ':l'), maxAge) end
  return answer('created', meta, redis.call('LLEN', key(name, ':l')))
end

if operation == 'delete' then
  local id = arg()
  local meta, why, fork, forkId = find(name)
  if not meta or meta.id ~= id then return {why or 'deleted', fork, forkId} end
  remove(name, meta)
  if meta.nf and tonumber(meta.nf) > 0 then return {'removed'} end
  return {'removed', meta.fk ~= '' and meta.fk or nil, meta.id}
end

-- An append was acknowledged to a server and is lost: two masters accepted appends at once, and the history
-- of this one has won. Readers may have been told of the change before that append, so all are told again.
if operation == 'mark' then
  local once, keep = arg(), arg()
  local meta, why, fork, forkId = find(name)
  if not meta then return {why, fork, forkId} end
  -- First, as a full server refuses it.
  if redis.call('SET', key(name, ':i:' .. once), '1', 'NX', 'PX', keep) then
    chain(meta)
    save(name, meta, 'e', 'lv', 'pv')
    tell(name, meta, meta.s, {})
  end
  return answer('marked', meta, redis.call('LLEN', key(name, ':l')))
end

return redis.error_reply('no operation ' .. operation)
