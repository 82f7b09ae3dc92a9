local session, all = KEYS[5], KEYS[6]
local base, id, ttl, is_read = unpack(ARGV)

local stored = redis.call('HMGET', session, 'expires', 'owner')
local time = now()
if not stored[1] or tonumber(stored[1]) <= time then
    return 0
end
local owned = stored[2] and base .. 'sessions:' .. stored[2]
if tonumber(ttl) == 0 then
    redis.call('UNLINK', session)
    redis.call('ZREM', all, id)
    if owned then
        redis.call('ZREM', owned, id)
    end
    return 1
end
local expires = time + tonumber(ttl)
local fields = {'expires', whole(expires)}
if is_read == '1' then
    append(fields, 'read', whole(time))
end
redis.call('HSET', session, unpack(fields))
redis.call('PEXPIREAT', session, whole(math.ceil(expires / 1000)))
add_until(all, id, expires)
if owned then
    add_until(owned, id, expires)
end
return 1
