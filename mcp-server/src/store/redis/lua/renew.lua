local lease = ARGV[1]

local ends = whole(now() + tonumber(lease))
local valid = {}
for index = 5, #KEYS do
    local id, fence = ARGV[2 * index - 8], ARGV[2 * index - 7]
    local is_valid = redis.call('ZSCORE', leases, id)
        and redis.call('HGET', KEYS[index], 'fence') == fence
    if is_valid then
        redis.call('ZADD', leases, ends, id)
    end
    valid[index - 4] = is_valid and 1 or 0
end
return valid
