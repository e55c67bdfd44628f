-- KEYS[1] the lock; ARGV: the token of the one who frees it. Somebody else's lock stays.
if redis.call('GET', KEYS[1]) == ARGV[1] then
  return redis.call('DEL', KEYS[1])
end
return 0
