local session, all, owned = KEYS[5], KEYS[6], KEYS[7]
local id, operation, ttl, max_sessions, max_owned, data, owner = unpack(ARGV)

local time = now()
local stored = redis.call('HMGET', session, 'expires', 'operation')
if stored[1] and tonumber(stored[1]) > time then
    -- The same operation was sent twice, because the answer to the first one was lost.
    return stored[2] == operation and 'created' or 'exists'
end
if count_valid(all, time) >= tonumber(max_sessions) then
    return 'max_sessions'
end
if owned and count_valid(owned, time) >= tonumber(max_owned) then
    return 'max_sessions_per_owner'
end
-- An expired one, which Redis has not deleted yet.
redis.call('UNLINK', session)
if tonumber(ttl) == 0 then
    return 'created'
end
local expires = time + tonumber(ttl)
local fields = {'operation', operation, 'version', '1', 'data', data,
    'read', whole(time), 'expires', whole(expires)}
add_until(all, id, expires)
if owned then
    append(fields, 'owner', owner)
    add_until(owned, id, expires)
end
redis.call('HSET', session, unpack(fields))
redis.call('PEXPIREAT', session, whole(math.ceil(expires / 1000)))
return 'created'
