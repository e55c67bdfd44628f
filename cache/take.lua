-- KEYS[1] the bucket: level (calls in it) and at (microseconds of this server's clock).
-- ARGV: calls to put in, leak per second, size, milliseconds in which a full bucket empties, level of a
-- bucket that is not remembered.
-- Answers 0 when they were put in, else the microseconds until they fit.
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local n, leak, size = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local stored = redis.call('HMGET', KEYS[1], 'level', 'at')
local level, at = tonumber(stored[1] or ARGV[5]), tonumber(stored[2] or now)
level = math.max(0, level - math.max(0, now - at) * leak / 1000000)
if level + n > size + 0.000001 then
  if not stored[1] then
    redis.call('HSET', KEYS[1], 'level', ARGV[5], 'at', string.format('%.0f', now))
    redis.call('PEXPIRE', KEYS[1], ARGV[4])
  end
  return math.max(1, math.ceil((level + n - size) * 1000000 / leak))
end
redis.call('HSET', KEYS[1], 'level', string.format('%.6f', level + n), 'at', string.format('%.0f', now))
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 0
