<?php
/** The setup page, for the shop's super administrator. */
require dirname(__FILE__) . '/bootstrap.php';

$erpsyncPage = new ErpSync_SetupPage(dirname(dirname(__FILE__)), $_SERVER, $_COOKIE, $_GET, $_POST);
$erpsyncPage->respond();
