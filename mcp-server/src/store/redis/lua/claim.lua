local task = KEYS[5]
local id, operation, lease = unpack(ARGV)

local ends = redis.call('ZSCORE', leases, id)
if not ends then
    return false
end
local time = now()
if tonumber(ends) > time then
    -- The same operation was sent twice, because the answer to the first one was lost.
    local claim = redis.call('HMGET', task, 'claim', 'fence')
    return claim[1] == operation and claim[2]
end
redis.call('HSET', task, 'claim', operation)
redis.call('ZADD', leases, whole(time + tonumber(lease)), id)
return whole(redis.call('HINCRBY', task, 'fence', 1))
