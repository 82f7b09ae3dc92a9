local session = KEYS[5]
local operation, version, data = unpack(ARGV)

local stored = redis.call('HMGET', session, 'expires', 'version', 'operation')
if not stored[1] or tonumber(stored[1]) <= now() then
    return 0
end
-- The same operation was sent twice, because the answer to the first one was lost.
if stored[3] == operation then
    return 1
end
if stored[2] ~= version then
    return 0
end
redis.call('HSET', session,
    'operation', operation, 'version', whole(tonumber(version) + 1), 'data', data)
return 1
