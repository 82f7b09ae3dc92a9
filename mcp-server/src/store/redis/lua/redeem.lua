local nonce, all, owned = KEYS[5], KEYS[6], KEYS[7]
local id, operation, ttl, max_nonces, max_owned = unpack(ARGV)

local used = redis.call('GET', nonce)
if used then
    -- The same operation was sent twice, because the answer to the first one was lost.
    return used == operation and 'first' or 'used'
end
local time = now()
if count_valid(all, time) >= tonumber(max_nonces) then
    return 'max_nonces'
end
if owned and count_valid(owned, time) >= tonumber(max_owned) then
    return 'max_nonces_per_owner'
end
if tonumber(ttl) == 0 then
    return 'first'
end
local expires = time + tonumber(ttl)
redis.call('SET', nonce, operation, 'PXAT', whole(math.ceil(expires / 1000)))
add_until(all, id, expires)
if owned then
    add_until(owned, id, expires)
end
return 'first'
