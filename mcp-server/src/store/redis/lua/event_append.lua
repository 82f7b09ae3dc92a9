local streams, stream = KEYS[5], KEYS[6]
local base, number, sequence, before, data, event_bytes, stream_bytes, max_events, max_bytes,
    max_age, max_streams, max_session_bytes = unpack(ARGV)

-- A field of the streams of a session: the size of a stream, the number before its first event, and
-- the age of its last one.
local function parse(state)
    local bytes, dropped, age = string.match(state, '^(%d+) (%d+) (%d+)$')
    return tonumber(bytes), dropped, tonumber(age)
end

local id = sequence .. '-0'
local state = redis.call('HGET', streams, number)
if not state then
    redis.call('UNLINK', stream)
end
local added = redis.pcall('XADD', stream, id, 'data', data)
if added.err then
    -- The same event was sent twice, because the answer to the first attempt was lost.
    local kept = redis.call('XRANGE', stream, id, id)[1]
    if kept and kept[2][2] == data then
        return 'kept'
    end
    local last = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
    return last and last[1] or id
end

-- A stream that begins here, or continues after it has expired or was dropped.
local length = redis.call('XLEN', stream)
local old_bytes, bytes, dropped = 0, tonumber(stream_bytes), before
if state then
    old_bytes = parse(state)
    if length > 1 then
        bytes, dropped = parse(state)
    end
end
bytes = bytes + #data + tonumber(event_bytes)

-- Drops the oldest events, but not the last one.
local first = '-'
while length > 1 and (length > tonumber(max_events) or bytes > tonumber(max_bytes)) do
    local event = redis.call('XRANGE', stream, first, '+', 'COUNT', 1)[1]
    bytes = bytes - #event[2][2] - tonumber(event_bytes)
    length = length - 1
    dropped = string.match(event[1], '^%d+')
    first = '(' .. event[1]
end
if first ~= '-' then
    redis.call('XTRIM', stream, 'MINID', '=', dropped .. '-1')
end

local age = redis.call('HINCRBY', streams, 'age', 1)
redis.call('HSET', streams, number, whole(bytes) .. ' ' .. dropped .. ' ' .. whole(age))
local total = redis.call('HINCRBY', streams, 'bytes', whole(bytes - old_bytes))
local count = redis.call('HLEN', streams) - 2

-- Drops the streams of this session without events for the longest time, but not this one.
if count > tonumber(max_streams) or total > tonumber(max_session_bytes) then
    local others = {}
    local fields = redis.call('HGETALL', streams)
    for index = 1, #fields, 2 do
        if fields[index] ~= number and fields[index] ~= 'age' and fields[index] ~= 'bytes' then
            local other_bytes, _, other_age = parse(fields[index + 1])
            others[#others + 1] = {fields[index], other_bytes, other_age}
        end
    end
    table.sort(others, function(one, other) return one[3] < other[3] end)
    for _, other in ipairs(others) do
        if count <= tonumber(max_streams) and total <= tonumber(max_session_bytes) then
            break
        end
        redis.call('UNLINK', base .. other[1])
        redis.call('HDEL', streams, other[1])
        total = redis.call('HINCRBY', streams, 'bytes', whole(-other[2]))
        count = count - 1
    end
end
redis.call('PEXPIRE', stream, max_age)
redis.call('PEXPIRE', streams, max_age)
return 'kept'
