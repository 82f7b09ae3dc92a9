local task, journal = KEYS[5], KEYS[6]
local head = redis.call('HMGET', task, unpack(ARGV))
return {head, redis.call('HGET', task, 'call'), redis.call('LRANGE', journal, 0, -1)}
