// Command talos-validate does with Talos's own library what talosctl does with machine configuration:
//
//	talos-validate check FILE...             load each file as Talos does and validate it strictly for metal
//	talos-validate merge OUT BASE PATCH...   merge the patches into the base, as `talosctl machineconfig patch`
//	talos-validate secrets                   print a fresh secrets bundle, as `talosctl gen secrets`
package main

import (
	"fmt"
	"os"
	"time"

	"go.yaml.in/yaml/v4"

	"github.com/siderolabs/talos/pkg/machinery/config"
	"github.com/siderolabs/talos/pkg/machinery/config/configloader"
	"github.com/siderolabs/talos/pkg/machinery/config/configpatcher"
	"github.com/siderolabs/talos/pkg/machinery/config/generate/secrets"
	"github.com/siderolabs/talos/pkg/machinery/config/validation"
)

type metal struct{}

func (metal) String() string        { return "metal" }
func (metal) RequiresInstall() bool { return true }
func (metal) InContainer() bool     { return false }

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
}

func run(args []string) error {
	switch {
	case len(args) >= 2 && args[0] == "check":
		return check(args[1:])
	case len(args) >= 3 && args[0] == "merge":
		return merge(args[1], args[2], args[3:])
	case len(args) == 1 && args[0] == "secrets":
		return printSecrets()
	default:
		return fmt.Errorf("usage: talos-validate check FILE... | merge OUT BASE PATCH... | secrets")
	}
}

// check prints every warning and error; a warning fails too, so that nothing deprecated creeps in.
func check(paths []string) error {
	failed := 0
	for _, path := range paths {
		loaded, err := configloader.NewFromFile(path)
		var warnings []string
		if err == nil {
			warnings, err = loaded.Validate(metal{}, validation.WithStrict())
		}
		for _, warning := range warnings {
			fmt.Printf("%s: warning: %s\n", path, warning)
		}
		if err != nil {
			fmt.Printf("%s: %s\n", path, err)
		}
		if err != nil || len(warnings) > 0 {
			failed++
		}
	}
	if failed > 0 {
		return fmt.Errorf("%d of %d files are not valid", failed, len(paths))
	}
	fmt.Printf("%d files are valid\n", len(paths))
	return nil
}

func merge(out, base string, patchFiles []string) error {
	content, err := os.ReadFile(base)
	if err != nil {
		return err
	}
	references := make([]string, len(patchFiles))
	for i, path := range patchFiles {
		references[i] = "@" + path
	}
	patches, err := configpatcher.LoadPatches(references)
	if err != nil {
		return err
	}
	merged, err := configpatcher.Apply(configpatcher.WithBytes(content), patches)
	if err != nil {
		return err
	}
	result, err := merged.Bytes()
	if err != nil {
		return err
	}
	return os.WriteFile(out, result, 0o600)
}

func printSecrets() error {
	bundle, err := secrets.NewBundle(
		secrets.NewFixedClock(time.Now()),
		config.TalosVersion1_14,
		secrets.WithECDSAServiceAccountKey(),
	)
	if err != nil {
		return err
	}
	return yaml.NewEncoder(os.Stdout).Encode(bundle)
}
