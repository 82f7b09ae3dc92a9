local streams, stream = KEYS[5], KEYS[6]
local max_age = ARGV[1]

redis.call('PEXPIRE', stream, max_age)
redis.call('PEXPIRE', streams, max_age)
return 1
