-- KEYS[1] the bucket; ARGV: its size, milliseconds in which it empties when full.
local time = redis.call('TIME')
redis.call('HSET', KEYS[1], 'level', ARGV[1], 'at', string.format('%.0f', time[1] * 1000000 + time[2]))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1
