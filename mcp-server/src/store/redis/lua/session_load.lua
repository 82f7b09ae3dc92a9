local session = KEYS[5]
local stored = redis.call('HMGET', session, 'expires', 'version', 'data', 'read')
local time = now()
if not stored[1] or tonumber(stored[1]) <= time then
    return false
end
-- The clock may have been set back.
return {stored[2], stored[3], whole(math.max(0, time - tonumber(stored[4])))}
