package com.example.webhooks;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;

/** Receives SendEmAll's webhooks. Settings: SENDEMALL_SECRET; PORT (8080); HOST (127.0.0.1). */
@SpringBootApplication
public class ReceiverApplication {
  public static void main(String[] arguments) {
    SpringApplication.run(ReceiverApplication.class, arguments);
  }
}
