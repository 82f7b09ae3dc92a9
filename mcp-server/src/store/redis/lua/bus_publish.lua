local bus = KEYS[5]
local message, max_entries = unpack(ARGV)
return redis.call('XADD', bus, 'MAXLEN', '~', max_entries, epoch(bus, 'bus_epoch') .. '-*',
    'message', message)
