-- KEYS[1] the lock; ARGV: the taker's token, its lifetime in milliseconds.
-- The same token may come twice: a repeat of a call whose answer was lost.
local holder = redis.call('GET', KEYS[1])
if holder and holder ~= ARGV[1] then
  return 0
end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
