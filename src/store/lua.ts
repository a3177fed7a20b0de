/**
 * The scripts that Redis runs for the store, each one atomic step. Keys come in as KEYS; versions and
 * scores travel as text, since Lua would round a number.
 * A document is one string, `<version>:<JSON>`: MGET reads many of them as of one moment.
 */

// the first line lets Redis refuse a script as a whole when it is full or read-only, never in its middle
const head = '#!lua\n';
// what frees room, and the few bytes of a lease that it takes to do so, must work while Redis is full
const headWhenFull = '#!lua flags=allow-oom\n';

const version = `
local function version(key)
  return tonumber(string.match(redis.call('GETRANGE', key, 0, 16), '^(%d+):') or '0')
end`;

/**
 * ARGV: operations of four words each: letter, number of its key, first, second.
 * F fence (token) · C check (version) · P put (expected version or '', JSON) · R remove (expected or '')
 * I index (score, member) · U unindex (member) · A append (JSON)
 */
const commit = `${version}
local function refusal(op, key, a)
  if op == 'F' then
    if (redis.call('HGET', key, 'token') or '0') ~= a then return 'fenced' end
  elseif (op == 'C' or op == 'P' or op == 'R') and a ~= '' then
    if version(key) ~= tonumber(a) then return 'conflict' end
  end
end
local function write(op, key, a, b)
  if op == 'P' then redis.call('SET', key, string.format('%d', version(key) + 1) .. ':' .. b)
  elseif op == 'R' then redis.call('DEL', key)
  elseif op == 'I' then redis.call('ZADD', key, a, b)
  elseif op == 'U' then redis.call('ZREM', key, b)
  elseif op == 'A' then redis.call('XADD', key, '*', 'v', b)
  end
end
for i = 1, #ARGV, 4 do
  local refused = refusal(ARGV[i], KEYS[tonumber(ARGV[i + 1])], ARGV[i + 2])
  if refused then return refused end
end
for i = 1, #ARGV, 4 do
  write(ARGV[i], KEYS[tonumber(ARGV[i + 1])], ARGV[i + 2], ARGV[i + 3])
end
return 'committed'`;

export const commitScript = `${head}${commit}`;
/** The same for batches that only remove. */
export const removeScript = `${headWhenFull}${commit}`;

/** KEYS: stream, digests. ARGV: digest, at, JSON of each thing. Gives one answer for each. */
export const appendScript = `${head}
local answers = {}
for i = 1, #ARGV, 3 do
  if redis.call('ZADD', KEYS[2], 'NX', ARGV[i + 1], ARGV[i]) == 0 then
    answers[#answers + 1] = 'duplicate'
  else
    redis.call('XADD', KEYS[1], '*', 'v', ARGV[i + 2])
    answers[#answers + 1] = 'stored'
  end
end
return answers`;

/**
 * KEYS: lease. ARGV: holder, ttl in ms. Gives the token, or the name of who holds it. Where the clock was set
 * back, the end of a lease may be hours away: nobody else has to wait for it longer than it lasts.
 */
export const leaseScript = `${headWhenFull}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local lease = redis.call('HMGET', KEYS[1], 'holder', 'until', 'token')
local holder = lease[1] or ''
if holder ~= '' and holder ~= ARGV[1] and tonumber(lease[2]) > now then
  local latest = now + tonumber(ARGV[2])
  if tonumber(lease[2]) > latest then
    redis.call('HSET', KEYS[1], 'until', string.format('%d', latest))
  end
  return {0, holder}
end
local token = tonumber(lease[3] or '0')
if holder ~= ARGV[1] then token = token + 1 end
redis.call('HSET', KEYS[1], 'holder', ARGV[1], 'token', string.format('%d', token),
  'until', string.format('%d', now + tonumber(ARGV[2])))
return {token, ''}`;

/** KEYS: lease. ARGV: holder. The token stays: it must never be given again. */
export const releaseScript = `${headWhenFull}
if redis.call('HGET', KEYS[1], 'holder') == ARGV[1] then redis.call('HSET', KEYS[1], 'holder', '') end
return 0`;
