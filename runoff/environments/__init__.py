"""Where it runs: interpreters and trees and what is installed there, contenders, and what this machine allows."""
