import { createHash } from 'node:crypto';

export interface Script {
  readonly lua: string;
  readonly sha: string;
}

/**
 * Every script first asks whether the store is in the caller's epoch (KEYS[1] against ARGV[1]), so that a store which
 * came back empty or older answers nobody before it has been judged. `k` is the key, `a` the second argument, and so on.
 */
function script(body: string): Script {
  const guard =
    "if redis.call('GET', KEYS[1]) ~= ARGV[1] then return redis.error_reply('STALE') end\nlocal k, a, b, c = KEYS[2], ARGV[2], ARGV[3], ARGV[4]\n";
  const lua = guard + body;
  return { lua, sha: createHash('sha1').update(lua).digest('hex') };
}

export const scripts = {
  get: script("return redis.call('GET', k)"),
  put: script("redis.call('SET', k, a, 'PX', b) return 1"),
  take: script("local value = redis.call('GET', k) redis.call('DEL', k) return value"),
  compareAndSet: script("if redis.call('GET', k) ~= a then return 0 end redis.call('SET', k, b, 'PX', c) return 1"),
  remove: script("redis.call('DEL', k) return 1"),
  mark: script("if redis.call('SET', k, '1', 'NX', 'PX', a) then return 1 end return 0"),
  count: script("local n = redis.call('INCR', k) if n == 1 then redis.call('PEXPIRE', k, a) end return n"),
  // Members by their expiry. The set lives as long as its last member.
  indexAdd: script(`
    redis.call('ZREMRANGEBYSCORE', k, '-inf', c)
    local known = redis.call('ZSCORE', k, a)
    if not known or tonumber(known) < tonumber(b) then redis.call('ZADD', k, b, a) end
    local left = tonumber(b) - tonumber(c)
    if redis.call('PTTL', k) < left then redis.call('PEXPIRE', k, left) end
    return 1`),
  indexMembers: script("return redis.call('ZRANGEBYSCORE', k, '(' .. a, '+inf')"),
  indexRemove: script("redis.call('ZREM', k, a) return 1"),
  beat: script(`
    local beat = tonumber(redis.call('GET', k) or '-1')
    if beat < tonumber(a) then return redis.error_reply('STALE') end
    beat = math.max(beat + 1, tonumber(b))
    redis.call('SET', k, string.format('%.0f', beat))
    return beat`),
} as const;
