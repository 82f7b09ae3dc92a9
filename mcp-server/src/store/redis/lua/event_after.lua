local streams, stream = KEYS[5], KEYS[6]
local number, sequence = unpack(ARGV)

-- Compares numbers of 64 bits, which Lua does not represent exactly.
local function is_less(one, other)
    return #one < #other or (#one == #other and one < other)
end

local state = redis.call('HGET', streams, number)
local last = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
if not state or not last or is_less(string.match(last[1], '^%d+'), sequence) then
    return 'unknown'
end
if is_less(sequence, string.match(state, '^%d+ (%d+)')) then
    return 'gap'
end
return redis.call('XRANGE', stream, '(' .. sequence .. '-0', '+')
