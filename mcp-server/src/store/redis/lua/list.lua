local owned = KEYS[5]
local base, after, max = unpack(ARGV, 1, 3)

-- One more than asked for shows whether there is another page.
local first = after == '' and '-' or '(' .. after
local members = redis.call('ZRANGE', owned, first, '+', 'BYLEX', 'LIMIT', 0, max + 1)
local heads = {}
for index = 1, math.min(#members, tonumber(max)) do
    local id = string.sub(members[index], 21)
    heads[index] = {id, redis.call('HMGET', base .. 'task:' .. id, unpack(ARGV, 4))}
end
return {heads, #members > tonumber(max) and 1 or 0}
