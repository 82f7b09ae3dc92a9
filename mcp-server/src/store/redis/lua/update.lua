local task, journal = KEYS[5], KEYS[6]
local id, operation, max_entries, version, fence, state, updated, expires, has_detail, detail,
    has_outcome, outcome = unpack(ARGV, 1, 12)

local stored = redis.call('HMGET', task, 'version', 'fence', 'state', 'expires', 'operation')
if not stored[1] then
    return {'missing'}
end
-- The same operation was sent twice, because the answer to the first one was lost.
if stored[5] == operation then
    return {'applied', stored[1]}
end
if stored[3] ~= 'working' and stored[3] ~= 'input_required' then
    return {'ended'}
end
if fence ~= '' and fence ~= stored[2] then
    return {'fenced'}
end
if version ~= stored[1] then
    return {'conflict'}
end

version = whole(tonumber(version) + 1)
local fields = {'operation', operation, 'version', version, 'state', state, 'updated', updated}
if has_detail == '1' then
    append(fields, 'detail', detail)
end
if has_outcome == '1' then
    append(fields, 'outcome', outcome)
end
local expired = stored[4] or ''
if expires ~= expired then
    if expired ~= '' then
        redis.call('ZREM', expiries, position(expired, id))
    end
    if expires ~= '' then
        append(fields, 'expires', expires)
        redis.call('ZADD', expiries, 0, position(expires, id))
    else
        redis.call('HDEL', task, 'expires')
    end
end
redis.call('HSET', task, unpack(fields))
for index = 13, #ARGV do
    redis.call('RPUSH', journal, ARGV[index])
end
if state == 'working' then
    -- A task that works again can be claimed at once.
    redis.call('ZADD', leases, 'NX', whole(now()), id)
elseif stored[3] == 'working' then
    redis.call('ZREM', leases, id)
end
publish(id, version, state, max_entries)
return {'applied', version}
