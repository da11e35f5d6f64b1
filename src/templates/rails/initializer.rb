# frozen_string_literal: true

require Rails.root.join('lib/webhook_inbox').to_s

# The one inbox of this process. It is not reloaded with the controller, which would start a second worker.
module SendemallInbox
  OPENING = Mutex.new
  private_constant :OPENING

  def self.current
    OPENING.synchronize do
      @current ||= WebhookInbox.new do |event|
        Rails.application.reloader.wrap { SendemallWebhooksController.handle_event(event) }
      end
    end
  end
end

# Opened when the server starts, not in consoles and tasks: what waits is processed without a request.
Rails.application.config.after_initialize do
  SendemallInbox.current if defined?(Rails::Server) || defined?(Puma::Launcher)
end
