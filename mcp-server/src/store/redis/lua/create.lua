local task, journal, owned = KEYS[5], KEYS[6], KEYS[7]
local id, operation, max_entries, lease, max_tasks, max_owned, owner, fence, state, created, updated,
    expires, detail, call, has_outcome, outcome = unpack(ARGV, 1, 16)

local existing = redis.call('HGET', task, 'operation')
if existing then
    -- The same operation was sent twice, because the answer to the first one was lost.
    return {existing == operation and 'created' or 'exists'}
end
if tonumber(redis.call('HGET', meta, 'tasks') or '0') >= tonumber(max_tasks) then
    return {'full', 'max_tasks'}
end
if redis.call('ZCARD', owned) >= tonumber(max_owned) then
    return {'full', 'max_tasks_per_owner'}
end

local fields = {'operation', operation, 'owner', owner, 'version', '1', 'fence', fence,
    'state', state, 'created', created, 'updated', updated, 'detail', detail, 'call', call}
if expires ~= '' then
    append(fields, 'expires', expires)
    redis.call('ZADD', expiries, 0, position(expires, id))
end
if has_outcome == '1' then
    append(fields, 'outcome', outcome)
end
redis.call('HSET', task, unpack(fields))
for index = 17, #ARGV do
    redis.call('RPUSH', journal, ARGV[index])
end
redis.call('ZADD', owned, 0, position(created, id))
if state == 'working' then
    redis.call('ZADD', leases, whole(now() + tonumber(lease)), id)
end
redis.call('HINCRBY', meta, 'tasks', 1)
publish(id, '1', state, max_entries)
return {'created'}
