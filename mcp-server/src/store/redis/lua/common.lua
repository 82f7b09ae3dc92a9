-- Every script begins with this file, and receives these keys first.
local meta, leases, expiries, feed = KEYS[1], KEYS[2], KEYS[3], KEYS[4]

-- The version of the layout of keys and fields.
local FORMAT = '1'

-- Lua's numbers are doubles: exact up to 2^53, but `tostring` shortens them.
local function whole(number)
    return string.format('%.0f', number)
end

-- The clock of the server in microseconds.
local function now()
    local time = redis.call('TIME')
    return tonumber(time[1]) * 1000000 + tonumber(time[2])
end

-- Adds a field and its value to the arguments of HSET.
local function append(fields, name, value)
    fields[#fields + 1] = name
    fields[#fields + 1] = value
end

-- A member of a set that is ordered by its members: the number with 20 digits, then the id. Unlike
-- a score, it is exact for all numbers of 64 bits.
local function position(number, id)
    return string.rep('0', 20 - #number) .. number .. id
end

-- Returns the first half of the ids in a stream, which a field of `meta` has. It exists as long as the
-- stream, and a later one is greater, so that a reader notices when all keys were deleted.
local function epoch(stream, field)
    local epoch = redis.call('HGET', meta, field)
    if not epoch then
        -- In microseconds: keys may be deleted and created again within a millisecond.
        epoch = whole(now())
        redis.call('HSET', meta, 'format', FORMAT, field, epoch)
        -- Redis gives the first entry the number 0, and a reader cannot name a position before it.
        redis.call('XADD', stream, epoch .. '-0', 'begin', '')
        redis.call('XDEL', stream, epoch .. '-0')
    end
    return epoch
end

-- Reports a change. The second halves of the ids are consecutive, so that a reader notices a gap.
local function publish(id, version, state, max_entries)
    redis.call('XADD', feed, 'MAXLEN', '~', max_entries, epoch(feed, 'epoch') .. '-*',
        'id', id, 'version', version, 'state', state)
end

-- Returns the number of members of a set, scored by their time of expiry, that have not expired.
-- Deletes some of the others: more than a caller adds, and few enough for one script.
local function count_valid(set, time)
    local expired = redis.call('ZRANGE', set, '-inf', whole(time), 'BYSCORE', 'LIMIT', 0, 64)
    if #expired > 0 then
        redis.call('ZREM', set, unpack(expired))
    end
    return redis.call('ZCOUNT', set, '(' .. whole(time), '+inf')
end

-- Adds a member to such a set. The set expires with its last member.
local function add_until(set, member, time)
    redis.call('ZADD', set, whole(time), member)
    local last = whole(math.ceil(time / 1000))
    redis.call('PEXPIREAT', set, last, 'NX')
    redis.call('PEXPIREAT', set, last, 'GT')
end
