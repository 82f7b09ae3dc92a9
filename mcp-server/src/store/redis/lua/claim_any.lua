local base, lease, max = unpack(ARGV)

local time = now()
local claimed = {}
for _, id in ipairs(redis.call('ZRANGE', leases, '-inf', whole(time), 'BYSCORE', 'LIMIT', 0, max)) do
    local fence = redis.call('HINCRBY', base .. 'task:' .. id, 'fence', 1)
    redis.call('ZADD', leases, whole(time + tonumber(lease)), id)
    claimed[#claimed + 1] = id
    claimed[#claimed + 1] = whole(fence)
end
return claimed
