<?php

// The smallest Laravel application that runs the template: `php app.php migrate`, `php app.php queue:work`, and
// `php -S 127.0.0.1:8000 app.php`. A project made by `laravel new` has all of this.

declare(strict_types=1);

require_once 'Illuminate/autoload.php';
require_once 'Illuminate/Foundation/helpers.php';
spl_autoload_register(static function (string $class): void {
    foreach (['App\\' => __DIR__ . '/app/', 'Illuminate\\' => '/usr/share/php/Illuminate/'] as $prefix => $folder) {
        $file = $folder . str_replace('\\', '/', substr($class, strlen($prefix))) . '.php';
        if (str_starts_with($class, $prefix) && is_file($file)) {
            require_once $file;
        }
    }
});
error_reporting(E_ALL & ~E_DEPRECATED);

foreach (['bootstrap/cache', 'config', 'database/migrations', 'resources/views', 'storage/framework/views'] as $folder) {
    @mkdir(__DIR__ . "/$folder", recursive: true);
}
file_exists(__DIR__ . '/database.sqlite') || touch(__DIR__ . '/database.sqlite');

$write = static function (string $name, array $settings): void {
    $file = __DIR__ . "/config/$name.php";
    file_exists($file) || file_put_contents($file, '<?php return ' . var_export($settings, true) . ';', LOCK_EX);
};
$write('app', [
    'name' => 'receiver', 'env' => 'production', 'debug' => false, 'timezone' => 'UTC', 'locale' => 'en',
    'key' => str_repeat('k', 32), 'cipher' => 'AES-256-CBC', 'fallback_locale' => 'en',
    'providers' => [
        Illuminate\Bus\BusServiceProvider::class, Illuminate\Cache\CacheServiceProvider::class,
        Illuminate\Database\DatabaseServiceProvider::class, Illuminate\Encryption\EncryptionServiceProvider::class,
        Illuminate\Filesystem\FilesystemServiceProvider::class,
        Illuminate\Foundation\Providers\FoundationServiceProvider::class,
        Illuminate\Foundation\Providers\ConsoleSupportServiceProvider::class,
        Illuminate\Queue\QueueServiceProvider::class, Illuminate\Translation\TranslationServiceProvider::class,
        Illuminate\View\ViewServiceProvider::class, App\Providers\SendemallServiceProvider::class,
    ],
    'aliases' => [],
]);
$write('cache', ['default' => 'array', 'stores' => ['array' => ['driver' => 'array']], 'prefix' => '']);
$write('database', [
    'default' => 'sqlite', 'migrations' => 'migrations',
    'connections' => ['sqlite' => ['driver' => 'sqlite', 'database' => __DIR__ . '/database.sqlite', 'prefix' => '']],
]);
$write('filesystems', ['default' => 'local', 'disks' => ['local' => ['driver' => 'local', 'root' => __DIR__]]]);
$write('logging', ['default' => 'stderr', 'channels' => ['stderr' => [
    'driver' => 'monolog', 'handler' => Monolog\Handler\StreamHandler::class, 'with' => ['stream' => 'php://stderr'],
]]]);
$write('queue', [
    'default' => 'database', 'failed' => ['driver' => 'null'],
    'connections' => ['database' => ['driver' => 'database', 'table' => 'jobs', 'queue' => 'default', 'retry_after' => 90]],
]);
$write('view', ['paths' => [__DIR__ . '/resources/views'], 'compiled' => __DIR__ . '/storage/framework/views']);

$jobs = __DIR__ . '/database/migrations/2020_01_01_000000_create_jobs_table.php';
file_exists($jobs) || file_put_contents($jobs, strtr(
    (string) file_get_contents('/usr/share/php/Illuminate/Queue/Console/stubs/jobs.stub'),
    ['{{table}}' => 'jobs', '{{tableClassName}}' => 'Jobs'],
), LOCK_EX);

$app = new Illuminate\Foundation\Application(__DIR__);
$app->singleton(Illuminate\Contracts\Http\Kernel::class, Illuminate\Foundation\Http\Kernel::class);
$app->singleton(Illuminate\Contracts\Console\Kernel::class, Illuminate\Foundation\Console\Kernel::class);
$app->singleton(Illuminate\Contracts\Debug\ExceptionHandler::class, Illuminate\Foundation\Exceptions\Handler::class);

if (PHP_SAPI === 'cli') {
    $kernel = $app->make(Illuminate\Contracts\Console\Kernel::class);
    exit($kernel->handle(
        new Symfony\Component\Console\Input\ArgvInput(),
        new Symfony\Component\Console\Output\ConsoleOutput(),
    ));
}
$kernel = $app->make(Illuminate\Contracts\Http\Kernel::class);
$kernel->handle(Illuminate\Http\Request::capture())->send();
