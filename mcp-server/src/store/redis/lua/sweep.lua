local base, time, max, max_entries = unpack(ARGV)

-- No id contains this byte, which is not one of UTF-8: the range ends after all ids of that time.
local last = '[' .. position(time, '\255')
local removed = {}
for _, member in ipairs(redis.call('ZRANGE', expiries, '-', last, 'BYLEX', 'LIMIT', 0, max)) do
    local id = string.sub(member, 21)
    local task = base .. 'task:' .. id
    local stored = redis.call('HMGET', task, 'owner', 'created')
    redis.call('UNLINK', task, base .. 'journal:' .. id)
    redis.call('ZREM', base .. 'owner:' .. stored[1], position(stored[2], id))
    redis.call('ZREM', leases, id)
    redis.call('ZREM', expiries, member)
    redis.call('HINCRBY', meta, 'tasks', -1)
    publish(id, '0', '', max_entries)
    removed[#removed + 1] = id
end
return removed
