<?php

declare(strict_types=1);

use Illuminate\Database\Migrations\Migration;
use Illuminate\Database\Schema\Blueprint;
use Illuminate\Support\Facades\Schema;

return new class () extends Migration {
    public function up(): void
    {
        Schema::create('sendemall_events', function (Blueprint $table): void {
            $table->char('key', 64)->primary();
            $table->longText('event');
            $table->unsignedInteger('done')->default(0);
            $table->timestamp('created_at');
        });
    }

    public function down(): void
    {
        Schema::dropIfExists('sendemall_events');
    }
};
