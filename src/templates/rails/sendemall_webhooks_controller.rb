# frozen_string_literal: true

# Receives SendEmAll's webhooks. A metal controller: it needs no CSRF token, which the provider cannot know, and parses
# no parameters before the signature is checked.
class SendemallWebhooksController < ActionController::Metal
  # Your work.
  def self.handle_event(event)
    Rails.logger.info("#{event['event']} #{event['data'].is_a?(Hash) ? event['data']['lead_email'] : ''}")
  end

  def receive
    # The raw bytes: a parsed body cannot be verified. One byte beyond the limit shows that there are more.
    body = request.body.read(WebhookInbox::MAX_BYTES + 1) || ''
    self.status = SendemallInbox.current.accept(body, request.headers['X-SendEmAll-Signature'])
    self.response_body = ''
  end

  # For tests: how often an event's work was done.
  def effects
    self.content_type = 'application/json'
    self.response_body = JSON.generate(count: SendemallInbox.current.effects(request.path_parameters[:id]))
  end
end
