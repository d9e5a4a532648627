// What golang.org/x/oauth2 does against a broker: client_credentials, with the secret in the header and in the body,
// then a call with the token. It has neither introspection nor revocation. Settings come as JSON on standard input.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"

	"golang.org/x/oauth2"
	"golang.org/x/oauth2/clientcredentials"
)

type settings struct{ URL, ID, Secret, Registry string }

func main() {
	var s settings
	if err := json.NewDecoder(os.Stdin).Decode(&s); err != nil {
		fail(err)
	}
	answers := map[string]any{}
	for name, style := range map[string]oauth2.AuthStyle{
		"header": oauth2.AuthStyleInHeader,
		"params": oauth2.AuthStyleInParams,
		"detect": oauth2.AuthStyleAutoDetect,
	} {
		config := clientcredentials.Config{
			ClientID: s.ID, ClientSecret: s.Secret, TokenURL: s.URL + "/oauth2/token",
			Scopes: []string{"registry"}, AuthStyle: style,
		}
		token, err := config.Token(context.Background())
		if err != nil {
			fail(err)
		}
		body := bytes.NewBufferString(fmt.Sprintf(`{"url":%q}`, s.Registry))
		response, err := config.Client(context.Background()).Post(s.URL+"/api/v1/registry/token", "application/json", body)
		if err != nil {
			fail(err)
		}
		answers[name] = map[string]any{"type": token.Type(), "valid": token.Valid(), "scope": token.Extra("scope"), "registry": response.StatusCode}
	}
	config := clientcredentials.Config{ClientID: s.ID, ClientSecret: "wrong", TokenURL: s.URL + "/oauth2/token"}
	_, err := config.Token(context.Background())
	if refused, ok := err.(*oauth2.RetrieveError); ok {
		answers["wrong"] = refused.ErrorCode
	}
	if err := json.NewEncoder(os.Stdout).Encode(answers); err != nil {
		fail(err)
	}
}

func fail(err error) {
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}
