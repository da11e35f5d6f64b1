<?php
// A sandbox of SendEmAll for PHPUnit: `use UsesSendEmAll;` in a TestCase. One server, an account for each test.
trait UsesSendEmAll
{
    private static $sendEmAllProcess;
    private static string $sendEmAllUrl;

    /** @beforeClass */
    public static function startSendEmAll(): void
    {
        // SENDEMALL_MOCK is the executable, or the installed command.
        $line = [getenv('SENDEMALL_MOCK') ?: 'sendemall-mock', 'serve', '--port', '0', '--clock', 'frozen', '--json'];
        self::$sendEmAllProcess = proc_open($line, [1 => ['pipe', 'w']], $pipes);
        self::$sendEmAllUrl = json_decode(fgets($pipes[1]), true)['url'];
    }

    /** @afterClass */
    public static function stopSendEmAll(): void
    {
        proc_terminate(self::$sendEmAllProcess);
    }

    protected function sendemall(string $method, string $path, ?array $body = null): array
    {
        $http = ['method' => $method, 'header' => ["x-user-context: {$this->toString()}", 'Content-Type: application/json']];
        $http += $body === null ? [] : ['content' => json_encode($body)];
        $answer = file_get_contents(self::$sendEmAllUrl . $path, false, stream_context_create(['http' => $http]));
        return json_decode($answer, true)['data'];
    }
}
