// What golang.org/x/oauth2 does as a person's program: the device flow and the authorization code on loopback, both with
// PKCE, then a refresh by its TokenSource. Settings come as the first line of JSON on standard input; what a person has to
// open goes out as a line, and where it led back to comes in as one.
package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"time"

	"golang.org/x/oauth2"
)

type settings struct{ URL, Registry, Redirect string }

var in = bufio.NewScanner(os.Stdin)

func main() {
	var s settings
	read(&s)
	config := &oauth2.Config{
		ClientID: "keywright",
		Endpoint: oauth2.Endpoint{
			AuthURL: s.URL + "/oauth2/authorize", DeviceAuthURL: s.URL + "/oauth2/device_authorization",
			TokenURL: s.URL + "/oauth2/token", AuthStyle: oauth2.AuthStyleInParams,
		},
		RedirectURL: s.Redirect,
		Scopes:      []string{"registry"},
	}
	write(map[string]any{"device": used(s, config, device(config)), "code": used(s, config, code(config)), "denied": denied(config)})
}

func device(config *oauth2.Config) *oauth2.Token {
	verifier := oauth2.GenerateVerifier()
	begun, err := config.DeviceAuth(context.Background(), oauth2.S256ChallengeOption(verifier))
	check(err)
	write(map[string]any{"open": begun.VerificationURIComplete, "code": begun.UserCode, "yes": true})
	token, err := config.DeviceAccessToken(context.Background(), begun, oauth2.VerifierOption(verifier))
	check(err)
	return token
}

func denied(config *oauth2.Config) string {
	verifier := oauth2.GenerateVerifier()
	begun, err := config.DeviceAuth(context.Background(), oauth2.S256ChallengeOption(verifier))
	check(err)
	write(map[string]any{"open": begun.VerificationURIComplete, "code": begun.UserCode, "yes": false})
	_, err = config.DeviceAccessToken(context.Background(), begun, oauth2.VerifierOption(verifier))
	if refused, ok := err.(*oauth2.RetrieveError); ok {
		return refused.ErrorCode
	}
	return fmt.Sprint(err)
}

func code(config *oauth2.Config) *oauth2.Token {
	verifier := oauth2.GenerateVerifier()
	write(map[string]any{"open": config.AuthCodeURL("state-1", oauth2.S256ChallengeOption(verifier)), "yes": true})
	var answer struct{ Back string }
	read(&answer)
	back, err := url.Parse(answer.Back)
	check(err)
	if back.Query().Get("state") != "state-1" {
		check(fmt.Errorf("the state is %q", back.Query().Get("state")))
	}
	token, err := config.Exchange(context.Background(), back.Query().Get("code"), oauth2.VerifierOption(verifier))
	check(err)
	return token
}

// The token at the registry, then, as if its time were over, what the TokenSource got for it.
func used(s settings, config *oauth2.Config, token *oauth2.Token) map[string]any {
	first := registry(s, config.Client(context.Background(), token))
	old := *token
	old.Expiry = time.Now().Add(-time.Minute)
	source := config.TokenSource(context.Background(), &old)
	fresh, err := source.Token()
	check(err)
	second := registry(s, oauth2.NewClient(context.Background(), source))
	return map[string]any{
		"type": token.Type(), "scope": token.Extra("scope"), "registry": first, "refreshed": second,
		"rotated": fresh.RefreshToken != token.RefreshToken && fresh.AccessToken != token.AccessToken,
	}
}

func registry(s settings, client *http.Client) int {
	body := bytes.NewBufferString(fmt.Sprintf(`{"url":%q}`, s.Registry))
	response, err := client.Post(s.URL+"/api/v1/registry/token", "application/json", body)
	check(err)
	response.Body.Close()
	return response.StatusCode
}

func read(into any) {
	if !in.Scan() {
		check(fmt.Errorf("nothing more comes in: %v", in.Err()))
	}
	check(json.Unmarshal(in.Bytes(), into))
}

func write(data any) { check(json.NewEncoder(os.Stdout).Encode(data)) }

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
