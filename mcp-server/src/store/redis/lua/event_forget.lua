local streams = KEYS[5]
local base = ARGV[1]

for _, number in ipairs(redis.call('HKEYS', streams)) do
    redis.call('UNLINK', base .. number)
end
redis.call('UNLINK', streams)
return 1
